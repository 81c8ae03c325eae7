/* Follows Linux 7.3 include/uapi/linux/sysinfo.h */
#pragma once

struct sysinfo {
	long uptime;
	unsigned long loads[3]; /* fixed point, SI_LOAD_SHIFT fraction bits */
	unsigned long totalram;
	unsigned long freeram;
	unsigned long sharedram;
	unsigned long bufferram;
	unsigned long totalswap;
	unsigned long freeswap;
	unsigned short procs;
	unsigned short pad;
	unsigned long totalhigh;
	unsigned long freehigh;
	unsigned int mem_unit;
};

#define SI_LOAD_SHIFT 16

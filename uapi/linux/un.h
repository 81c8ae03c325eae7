/* Follows Linux 7.3 include/uapi/linux/un.h */
#pragma once

#include <linux/socket.h>

#define UNIX_PATH_MAX 108

struct sockaddr_un {
	sa_family_t sun_family;
	char sun_path[UNIX_PATH_MAX];
};

/* Follows Linux 7.3 include/uapi/asm-generic/sockios.h and linux/sockios.h */
#pragma once

#define FIOSETOWN    0x8901
#define SIOCSPGRP    0x8902
#define FIOGETOWN    0x8903
#define SIOCGPGRP    0x8904
#define SIOCATMARK   0x8905
#define SIOCINQ      0x541B
#define SIOCOUTQ     0x5411
#define SIOCUNIXFILE 0x89E0 /* linux/un.h */

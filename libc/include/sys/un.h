/* Addresses of local sockets. */
#pragma once

#include <string.h>

#include <linux/un.h>

#define SUN_LEN(addr) (offsetof(struct sockaddr_un, sun_path) + strlen((addr)->sun_path))

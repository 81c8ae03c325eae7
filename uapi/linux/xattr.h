/* Follows Linux 7.3 include/uapi/linux/xattr.h */
#pragma once

#define XATTR_CREATE  0x1
#define XATTR_REPLACE 0x2

#define XATTR_SECURITY_PREFIX        "security."
#define XATTR_SECURITY_PREFIX_LEN    (sizeof(XATTR_SECURITY_PREFIX) - 1)
#define XATTR_SYSTEM_PREFIX          "system."
#define XATTR_SYSTEM_PREFIX_LEN      (sizeof(XATTR_SYSTEM_PREFIX) - 1)
#define XATTR_TRUSTED_PREFIX         "trusted."
#define XATTR_TRUSTED_PREFIX_LEN     (sizeof(XATTR_TRUSTED_PREFIX) - 1)
#define XATTR_USER_PREFIX            "user."
#define XATTR_USER_PREFIX_LEN        (sizeof(XATTR_USER_PREFIX) - 1)
#define XATTR_NAME_POSIX_ACL_ACCESS  "system.posix_acl_access"
#define XATTR_NAME_POSIX_ACL_DEFAULT "system.posix_acl_default"

/* login_tty's home. */
#pragma once

int login_tty(int fd);

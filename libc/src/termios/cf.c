/* Changes to a struct termios before it is set. */
#include <errno.h>
#include <termios.h>

void cfmakeraw(struct termios *termios)
{
	termios->c_iflag &=
		~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	termios->c_oflag &= ~(tcflag_t)OPOST;
	termios->c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	termios->c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
	termios->c_cflag |= CS8;
	termios->c_cc[VMIN] = 1;
	termios->c_cc[VTIME] = 0;
}

/* Input and output have one speed. */
speed_t cfgetospeed(const struct termios *termios)
{
	return termios->c_cflag & CBAUD;
}

speed_t cfgetispeed(const struct termios *termios)
{
	return cfgetospeed(termios);
}

int cfsetospeed(struct termios *termios, speed_t speed)
{
	if (speed & ~(speed_t)CBAUD) {
		errno = EINVAL;
		return -1;
	}
	termios->c_cflag = (termios->c_cflag & ~(tcflag_t)CBAUD) | speed;
	return 0;
}

int cfsetispeed(struct termios *termios, speed_t speed)
{
	return speed ? cfsetospeed(termios, speed) : 0;
}

int cfsetspeed(struct termios *termios, speed_t speed)
{
	return cfsetospeed(termios, speed);
}

/** Linux system calls that Java lacks, by file descriptor and with names of any bytes. */
package dev.lifeboat.internal.posix;

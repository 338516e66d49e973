/*
 * backend.h - kheya backend: what waits for agencies' systems.
 */
#ifndef CLI_BACKEND_H
#define CLI_BACKEND_H

int backend_main(int argc, char **argv);

#endif

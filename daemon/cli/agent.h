/*
 * agent.h - kheya agent: who serves citizens at a digital centre, her PIN, and the
 * book of what she took.
 */
#ifndef AGENT_H
#define AGENT_H

int agent_main(int argc, char **argv);

#endif

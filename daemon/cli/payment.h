/*
 * payment.h - kheya payment: look at payments, compare them with a provider's
 * statement, give one back.
 */
#ifndef CLI_PAYMENT_H
#define CLI_PAYMENT_H

int payment_main(int argc, char **argv);

#endif

/*
 * Vectors and gates.
 */
#pragma once

void idt_init(void); /* build it; once */
void idt_load_cpu(void); /* on every CPU */

/* SPDX-License-Identifier: GPL-2.0-only */
	.section .rodata
	.globl tiny_image, tiny_image_end
	.balign 16
tiny_image:
	.incbin "tiny.bin"
tiny_image_end:
	.section .note.GNU-stack, "", %progbits

# SPDX-License-Identifier: GPL-2.0-only
"""kunit.py --qemu_config: like the kernel's own for arm64, but with an EL2.

The machine there has none, so every suite would be skipped.
"""
from ..qemu_config import QemuArchParams

QEMU_ARCH = QemuArchParams(linux_arch='arm64',
                           kconfig='''
CONFIG_SERIAL_AMBA_PL011=y
CONFIG_SERIAL_AMBA_PL011_CONSOLE=y''',
                           qemu_arch='aarch64',
                           kernel_path='arch/arm64/boot/Image',
                           kernel_command_line='console=ttyAMA0 kvm-arm.mode=nvhe panic=-1',
                           extra_qemu_params=['-machine', 'virt,virtualization=on,gic-version=3',
                                              '-cpu', 'cortex-a72', '-smp', '2'])

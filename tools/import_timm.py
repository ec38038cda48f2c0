#!/usr/bin/env python3
"""Exports convolutional nets of timm, one or two of each family, imports each file, and compares logits: tools/import_torchvision.py says how.

    python3 tools/import_timm.py FOLDER [--by WAY] [NET ...]

Weights are timm's initial ones. Images are small, 96x96. By PyTorch's older exporter alone, unless another WAY is given. Needs timm besides; not part of CI.
"""

import warnings

import timm
import torch

from import_torchvision import main

# Without attention: products of two values of a net.
NETS = """cs3darknet_focus_m convmixer_768_32 convnext_atto convnextv2_atto convnext_atto_rms cspdarknet53 cspnext_s densenet121 dla34 dla60_res2net
dpn48b dpn68 eca_nfnet_l0 eca_resnet33ts ecaresnet26t efficientnet_b0 efficientnet_b0_gn efficientnet_lite0 ese_vovnet19b_slim fasternet_t0
fastvit_t8 fbnetc_100 fbnetv3_b focalnet_tiny_srf gernet_s ghostnet_050 ghostnetv2_100 ghostnetv3_050 hardcorenas_a hgnet_tiny hgnetv2_b0
hrnet_w18_small inception_next_atto inception_resnet_v2 inception_v4 lcnet_035 lcnetv2_small legacy_seresnet18 legacy_xception mambaout_femto
mixnet_s mobilenet_edgetpu_v2_xs mobilenetv1_100 mobilenetv2_050 mobilenetv3_small_050 mobilenetv4_conv_small mobileone_s0 nasnetalarge nf_resnet26
pnasnet5large poolformer_s12 rdnet_tiny regnetx_002 regnety_002 regnetz_005 repghostnet_050 repvgg_a0 repvit_m0_9 res2net50_26w_4s
resnest14d resnetblur50 resnetv2_18 resnetv2_50x1_bit rexnet_100 selecsls42 skresnet18 starnet_s1 swiftformer_xs tf_efficientnet_b0 tinynet_e
tresnet_m xception41""".split()

SIZE = 96


def made(net):
    """A net, and an image."""
    generator = torch.Generator().manual_seed(len(net))
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = timm.create_model(net, pretrained=False, num_classes=100, exportable=True).eval()
    # Not the same ones everywhere, as before training: the exporters would merge them.
    for name, statistic in model.named_buffers():
        if name.endswith("running_mean"):
            statistic.copy_(0.1 * torch.randn(statistic.shape, generator=generator))
        elif name.endswith("running_var"):
            statistic.copy_(0.75 + 0.5 * torch.rand(statistic.shape, generator=generator))
    return model, torch.randn((1, 3, SIZE, SIZE), generator=generator)


if __name__ == "__main__":
    main(__doc__, NETS, made, ways=("torchscript",))

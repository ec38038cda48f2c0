//! Parameters and layers of every net, as given by the papers, torchvision, and articles that explain them.

use cnn::Network;
use cnn::graph::{Depth, Graph};
use cnn::op::Op;
use models::{
    About, AlexNet, AlexNetF16, Espcn, InceptionV1, LeNet5, Mlp, Perceptron, ResNet18, ResNet34, ResNet50, ResNet101,
    ResNet152, Siamese, UNet, Vgg11, Vgg11Lrn, Vgg13, Vgg16, Vgg19, Visitor, YoloV5n, tiny, torchvision,
};

type Net = &'static Graph<'static>;

/// Parameters, convolutions and fully connected layers on the longest path.
const NETS: [(Net, u64, usize, usize); 46] = [
    (Perceptron::GRAPH, 3, 0, 1),
    (Mlp::GRAPH, 101_770, 0, 2),
    (LeNet5::GRAPH, 61_706, 2, 3),
    (AlexNet::GRAPH, 60_965_224, 5, 3),
    (AlexNetF16::GRAPH, 60_965_224, 5, 3),
    (Vgg11::GRAPH, 132_863_336, 8, 3),
    (Vgg11Lrn::GRAPH, 132_863_336, 8, 3),
    (Vgg13::GRAPH, 133_047_848, 10, 3),
    (Vgg16::GRAPH, 138_357_544, 13, 3),
    (Vgg19::GRAPH, 143_667_240, 16, 3),
    (InceptionV1::GRAPH, 6_998_552, 21, 1),
    (ResNet18::GRAPH, 11_689_512, 17, 1),
    (ResNet34::GRAPH, 21_797_672, 33, 1),
    (ResNet50::GRAPH, 25_557_032, 49, 1),
    (ResNet101::GRAPH, 44_549_160, 100, 1),
    (ResNet152::GRAPH, 60_192_808, 151, 1),
    (UNet::GRAPH, 7_763_041, 23, 0),
    (Espcn::GRAPH, 22_729, 3, 0),
    (Siamese::GRAPH, 38_951_745, 4, 2),
    (YoloV5n::GRAPH, 1_872_157, 50, 0),
    (tiny::ResNet8::GRAPH, 78_186, 7, 1),
    (tiny::DsCnn::GRAPH, 23_756, 9, 1),
    (tiny::MobileNetV1::GRAPH, 216_322, 27, 1),
    (tiny::Autoencoder::GRAPH, 267_928, 0, 10),
    (torchvision::AlexNet::GRAPH, 61_100_840, 5, 3),
    (torchvision::Vgg11::GRAPH, 132_863_336, 8, 3),
    (torchvision::Vgg13::GRAPH, 133_047_848, 10, 3),
    (torchvision::Vgg16::GRAPH, 138_357_544, 13, 3),
    (torchvision::Vgg19::GRAPH, 143_667_240, 16, 3),
    (torchvision::GoogLeNet::GRAPH, 6_624_904, 21, 1),
    (torchvision::ResNet50::GRAPH, 25_557_032, 49, 1),
    (torchvision::ResNet101::GRAPH, 44_549_160, 100, 1),
    (torchvision::ResNet152::GRAPH, 60_192_808, 151, 1),
    (torchvision::ResNeXt50::GRAPH, 25_028_904, 49, 1),
    (torchvision::SqueezeNet1_0::GRAPH, 1_248_424, 18, 0),
    (torchvision::SqueezeNet1_1::GRAPH, 1_235_496, 18, 0),
    (torchvision::MobileNetV2::GRAPH, 3_504_872, 52, 1),
    (torchvision::MobileNetV3Small::GRAPH, 2_542_856, 52, 2),
    (torchvision::MobileNetV3Large::GRAPH, 5_483_032, 62, 2),
    (torchvision::DenseNet121::GRAPH, 7_978_856, 120, 1),
    (torchvision::DenseNet169::GRAPH, 14_149_480, 168, 1),
    (torchvision::InceptionV3::GRAPH, 23_834_568, 47, 1),
    (torchvision::ShuffleNetV2::GRAPH, 2_278_604, 50, 1),
    (torchvision::EfficientNetB0::GRAPH, 5_288_548, 81, 1),
    (torchvision::RegNetY400MF::GRAPH, 4_344_144, 81, 1),
    (torchvision::ConvNeXtTiny::GRAPH, 28_589_128, 58, 1),
];

/// Looks nets up in the table.
struct InTable;

impl Visitor for InTable {
    fn net<N: Network + About>(&mut self, name: &'static str) {
        assert!(NETS.iter().any(|(graph, ..)| *graph == N::GRAPH), "{name} is not in the table");
    }
}

#[test]
fn every_net_is_in_the_table() {
    models::each(&mut InTable);
}

/// With the auxiliary classifiers.
fn all_parameters(graph: Net) -> u64 {
    graph.nodes.iter().map(cnn::graph::Node::parameters).sum()
}

#[test]
fn parameters_and_layers() {
    for (graph, parameters, convolutions, fully_connected) in NETS {
        assert_eq!(graph.parameters(), parameters, "{}", graph.name);
        assert_eq!(graph.depth(), Depth { convolutions, fully_connected }, "{}", graph.name);
    }
}

#[test]
fn nets_that_are_named_after_their_layers_have_as_many() {
    for (graph, ..) in NETS {
        let digits = graph.name.trim_start_matches(|c: char| !c.is_ascii_digit()).trim_end_matches("Lrn");
        if ["Vgg", "ResNet", "ResNeXt", "DenseNet"].iter().any(|family| graph.name.starts_with(family)) {
            assert_eq!(graph.depth().layers().to_string(), digits, "{}", graph.name);
        }
    }
    assert_eq!(InceptionV1::GRAPH.depth().layers(), 22);
}

#[test]
fn auxiliary_classifiers_count_separately() {
    let two = [("aux1", 0.3), ("aux2", 0.3)];
    for (graph, all, heads) in [
        (InceptionV1::GRAPH, 13_378_280, &two[..]),
        (torchvision::GoogLeNet::GRAPH, 13_004_888, &two),
        (torchvision::InceptionV3::GRAPH, 27_161_264, &[("AuxLogits", 0.4)]),
    ] {
        assert_eq!(all_parameters(graph), all);
        assert_eq!(graph.aux.iter().map(|aux| (aux.name, aux.weight)).collect::<Vec<_>>(), heads);
    }
    for (graph, parameters, ..) in NETS.iter().filter(|(graph, ..)| graph.aux.is_empty()) {
        assert_eq!(all_parameters(graph), *parameters, "{}", graph.name);
    }
}

#[test]
fn every_net_that_ends_in_a_function_keeps_its_logits() {
    for (graph, ..) in NETS {
        let last = graph.nodes.iter().rfind(|node| node.aux.is_none()).map(|node| node.op);
        if !matches!(last, Some(Op::Activation(_) | Op::Softmax)) {
            assert!(
                graph.taps.is_empty() && ["Espcn", "Autoencoder", "YoloV5n"].contains(&graph.name),
                "{}",
                graph.name
            );
            continue;
        }
        let [tap] = graph.taps else { panic!("{} has other taps", graph.name) };
        assert_eq!((tap.name, graph.shape(tap.value)), ("logits", graph.output()), "{}", graph.name);
    }
}

/// The receptive field of a layer, or of the last one that does not read the whole picture.
fn receptive_field(graph: Net, layer: Option<&str>) -> Option<[u64; 2]> {
    let mut layers = graph.nodes.iter().zip(graph.receptive_fields()).filter(|(node, _)| node.aux.is_none());
    match layer {
        Some(name) => layers.find(|(node, _)| node.name == name).and_then(|(_, field)| field.size()),
        None => layers.filter_map(|(_, field)| field.size()).next_back(),
    }
}

/// The table of Araujo, Norris and Sim (2019), <https://distill.pub/2019/computing-receptive-fields>: AlexNet 195, VGG-16 212,
/// ResNet-v1-50 483, -101 1027, -152 1507. MobileNetV2's and torchvision's ResNets, which have their strides elsewhere, by hand.
#[test]
fn receptive_fields_are_those_of_the_literature() {
    for (graph, size) in [
        (AlexNet::GRAPH, 195),
        (torchvision::AlexNet::GRAPH, 195),
        (Vgg16::GRAPH, 212),
        (torchvision::Vgg16::GRAPH, 212),
        (ResNet50::GRAPH, 483),
        (ResNet101::GRAPH, 1027),
        (ResNet152::GRAPH, 1507),
        (torchvision::ResNet50::GRAPH, 427),
        (torchvision::MobileNetV2::GRAPH, 491),
    ] {
        assert_eq!(receptive_field(graph, None), Some([size; 2]), "{}", graph.name);
    }
    assert_eq!(receptive_field(LeNet5::GRAPH, Some("conv2")), Some([14; 2]));
    assert_eq!(receptive_field(LeNet5::GRAPH, Some("fc1")), None);
    assert_eq!(Perceptron::GRAPH.receptive_fields()[0].size(), None);
}

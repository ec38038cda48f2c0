//! Nets by name, in any usual spelling.

use std::collections::BTreeSet;
use std::ffi::OsStr;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command, Error};
use models::{FAMILIES, Family};

use crate::failure::{Failure, printable};
use crate::registry::{MODELS, Model};

/// In front of the names of torchvision's nets.
const TORCHVISION: &str = "torchvision";

/// What may be left out in front of a name, where no other net has the rest of it.
const PREFIXES: [&str; 2] = [TORCHVISION, "tiny"];

/// Other names, in normal form: of papers, or without the numbers that say which of a family it is.
const ALIASES: [(&str, &str); 4] = [
    ("googlenet", "inception-v1"),
    ("convnextt", "torchvision-convnext_tiny"),
    ("resnext50", "torchvision-resnext50_32x4d"),
    ("shufflenetv2", "torchvision-shufflenet_v2_x1_0"),
];

/// The most nets that a message names.
const MOST: usize = 6;

/// Longer names are not typos, and comparing them would take long.
const LONGEST: usize = 64;

impl Model {
    /// The net of this name: `resnet50`, `ResNet-50`, `torchvision/resnet50`.
    pub(crate) fn named(name: &str) -> Result<&'static Self, Failure> {
        let name = find(name, FAMILIES).map_err(Failure::Message)?;
        let model = MODELS.iter().find(|model| model.name == name);
        model.ok_or_else(|| Failure::Message(format!("{name} is not in this program")))
    }
}

/// The name of the net that is meant, if it is in this program.
fn find(name: &str, families: &[Family]) -> Result<&'static str, String> {
    let wanted = plain(name);
    let nets = || families.iter().flat_map(|family| family.nets).copied();
    if let Some(net) = nets().find(|net| plain(net) == wanted) {
        return built(net, families);
    }
    let also: Vec<&str> = nets().filter(|net| others(net).any(|other| other == wanted)).collect();
    match also.as_slice() {
        [net] => built(net, families),
        [] => Err(unknown(name, &near(&wanted, families))),
        several => Err(format!("`{}` may be {}: say which", printable(name), either(several))),
    }
}

/// A net, if it is in this program.
fn built(net: &'static str, families: &[Family]) -> Result<&'static str, String> {
    match families.iter().find(|family| family.nets.contains(&net)) {
        Some(Family { built: false, feature: Some(feature), .. }) => Err(format!(
            "{net} is not in this program: `cargo install cnn-cli --features {feature}` adds it, and `--features \
             all-nets` all nets"
        )),
        Some(_) | None => Ok(net),
    }
}

/// A name in a normal form, for comparison with other spellings: `LeNet-5` is `lenet5`; `torchvision.models.vgg16` and
/// `VGG-16 (torchvision)` are `torchvisionvgg16`.
fn plain(name: &str) -> String {
    let plain: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let rest = plain.strip_prefix(TORCHVISION).map(|rest| rest.strip_prefix("models").unwrap_or(rest));
    match rest.or_else(|| plain.strip_suffix(TORCHVISION)) {
        Some(rest) => TORCHVISION.to_owned() + rest,
        None => plain,
    }
}

/// What a net is also called, in normal form.
fn others(net: &str) -> impl Iterator<Item = String> {
    let short = PREFIXES.iter().filter_map(move |prefix| plain(net).strip_prefix(prefix).map(str::to_owned));
    let aliases = ALIASES.iter().filter(move |(_, name)| *name == net).map(|(alias, _)| (*alias).to_owned());
    short.chain(aliases)
}

fn unknown(name: &str, near: &[&str]) -> String {
    let guess = if near.is_empty() { String::new() } else { format!("did you mean {}? ", either(near)) };
    format!("there is no net `{}`; {guess}`cnn list` shows all", printable(name))
}

/// The nets whose names begin in this way, such as all of `vgg`, or else those of similar names, the nearest first.
fn near(wanted: &str, families: &[Family]) -> Vec<&'static str> {
    if wanted.is_empty() || wanted.len() > LONGEST {
        return Vec::new();
    }
    let nets = || families.iter().flat_map(|family| family.nets).copied();
    let names: Vec<(String, &str)> = nets().map(|net| (plain(net), net)).collect();
    let also: Vec<(String, &str)> = nets().flat_map(|net| others(net).map(move |other| (other, net))).collect();
    for spellings in [&names, &also] {
        let family = spellings.iter().filter(|(spelling, _)| spelling.starts_with(wanted));
        let family = first(family.map(|(_, name)| *name));
        if !family.is_empty() {
            return family;
        }
    }
    let slips = |spelling: &str| {
        let distance = strsim::damerau_levenshtein(spelling, wanted);
        Some(distance).filter(|distance| *distance <= 1 + spelling.len().min(wanted.len()) / 4)
    };
    let spellings = names.iter().chain(&also);
    let mut near: Vec<(usize, &str)> =
        spellings.filter_map(|(spelling, name)| Some((slips(spelling)?, *name))).collect();
    near.sort_by_key(|(distance, name)| (*distance, name.len()));
    let nearest = near.first().map_or(0, |(distance, _)| *distance);
    first(near.into_iter().filter(|(distance, _)| *distance == nearest).map(|(_, name)| name))
}

/// The first few names, each once.
fn first(names: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut seen = BTreeSet::new();
    names.filter(|name| seen.insert(*name)).take(MOST).collect()
}

/// `a`, `b` or `c`
fn either(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// Reads the name of a net, whatever it is. Shells complete it to a known one.
#[derive(Clone)]
pub(crate) struct NetName;

impl TypedValueParser for NetName {
    type Value = String;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<String, Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(MODELS.iter().map(|model| PossibleValue::new(model.name))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(name: &str) -> String {
        find(name, FAMILIES).map_or_else(|message| message, |net| panic!("{name} is {net}"))
    }

    #[test]
    fn every_net_has_its_own_name() {
        for model in MODELS.iter() {
            for spelling in [model.name.to_owned(), model.name.to_uppercase(), model.name.replace('-', " ")] {
                assert_eq!(find(&spelling, FAMILIES), Ok(model.name), "{spelling}");
            }
        }
    }

    #[test]
    fn usual_spellings_are_understood() {
        for (spelling, meant) in [
            ("LeNet-5", "lenet5"),
            ("lenet 5", "lenet5"),
            ("ResNet-50", "resnet50"),
            ("resnet_50", "resnet50"),
            ("RESNET50", "resnet50"),
            ("ResNet\u{2011}50", "resnet50"),
            ("Inception v1", "inception-v1"),
            ("Inception_V1", "inception-v1"),
            ("AlexNet (F16)", "alexnet-f16"),
            ("VGG-11-LRN", "vgg11-lrn"),
            ("torchvision/resnet50", "torchvision-resnet50"),
            ("torchvision.models.resnet50", "torchvision-resnet50"),
            ("torchvision::GoogLeNet", "torchvision-googlenet"),
            ("VGG-16 (torchvision)", "torchvision-vgg16"),
            ("MobileNet-V2", "torchvision-mobilenet_v2"),
            ("DenseNet-121", "torchvision-densenet121"),
            ("squeezenet1.1", "torchvision-squeezenet1_1"),
            ("U-Net", "unet"),
            ("DS-CNN", "tiny-ds-cnn"),
            ("ResNeXt-50", "torchvision-resnext50_32x4d"),
            ("EfficientNet-B0", "torchvision-efficientnet_b0"),
            ("Inception-v3", "torchvision-inception_v3"),
        ] {
            assert_eq!(find(spelling, FAMILIES), Ok(meant), "{spelling}");
        }
    }

    #[test]
    fn a_name_of_two_nets_is_no_choice() {
        assert_eq!(error("GoogLeNet"), "`GoogLeNet` may be `inception-v1` or `torchvision-googlenet`: say which");
    }

    #[test]
    fn slips_and_families_are_answered_with_names() {
        for (slip, guess) in [
            ("lenet", "`lenet5`"),
            ("lennet5", "`lenet5`"),
            ("resnet-51", "`resnet50` or `torchvision-resnet50`"),
            ("VGG", "`vgg11`, `vgg11-lrn`, `vgg13`, `vgg16` or `vgg19`"),
            ("torchvision/vgg", "`torchvision-vgg11`, `torchvision-vgg13`, `torchvision-vgg16` or `torchvision-vgg19`"),
            (
                "mobilenet",
                "`tiny-mobilenet-v1`, `torchvision-mobilenet_v2`, `torchvision-mobilenet_v3_small` or \
                 `torchvision-mobilenet_v3_large`",
            ),
            ("torchvision-resnet5", "`torchvision-resnet50`"),
        ] {
            let expected = format!("there is no net `{slip}`; did you mean {guess}? `cnn list` shows all");
            assert_eq!(error(slip), expected);
        }
    }

    #[test]
    fn a_net_that_is_not_built_is_reported_with_its_feature() {
        let there = Family { feature: None, built: true, nets: &["lenet5"] };
        let missing = Family { feature: Some("convnext"), built: false, nets: &["torchvision-convnext_tiny"] };
        assert_eq!(find("LeNet-5", &[there, missing]), Ok("lenet5"));
        let expected = "torchvision-convnext_tiny is not in this program: `cargo install cnn-cli --features convnext` \
                        adds it, and `--features all-nets` all nets";
        for spelling in ["torchvision-convnext_tiny", "ConvNeXt-T", "torchvision/convnext_tiny"] {
            assert_eq!(find(spelling, &[there, missing]), Err(expected.to_owned()), "{spelling}");
        }
        let guess = "there is no net `convnext`; did you mean `torchvision-convnext_tiny`? `cnn list` shows all";
        assert_eq!(find("convnext", &[there, missing]), Err(guess.to_owned()));
    }

    #[test]
    fn anything_else_is_no_slip() {
        let long = "resnet".repeat(100);
        for other in ["lstm", "transformer", "", "-", &long] {
            assert!(error(other).ends_with("`; `cnn list` shows all"), "{}", error(other));
        }
    }
}

//! The tables of labels and of nets, and the numbers that weights are made up from. Outside of the library, which takes long to build.

use std::collections::HashSet;

use cnn::Network;
use models::labels::{CIFAR10, DIGITS, IMAGENET, VISUAL_WAKE_WORDS};
use models::seeded::uniform;
use models::{About, FAMILIES, Visitor, each};

#[test]
fn classes_are_where_they_belong() {
    let known = [(0, "tench"), (281, "tabby"), (282, "tiger cat"), (517, "crane"), (999, "toilet tissue")];
    for (class, name) in known {
        assert_eq!(IMAGENET[class], name);
    }
    assert_eq!(DIGITS, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
}

#[test]
fn no_two_classes_share_a_name() {
    for labels in [&IMAGENET[..], &CIFAR10, &VISUAL_WAKE_WORDS] {
        let names: HashSet<&str> = labels.iter().copied().collect();
        assert_eq!(names.len(), labels.len());
        assert!(names.iter().all(|name| !name.is_empty() && name.trim() == *name));
    }
}

/// The names that a visitor sees.
struct Names(Vec<&'static str>);

impl Visitor for Names {
    fn net<N: Network + About>(&mut self, name: &'static str) {
        self.0.push(name);
    }
}

#[test]
fn each_net_of_a_family_in_this_build_is_visited_once_and_no_other() {
    let mut visited = Names(Vec::new());
    each(&mut visited);
    let built = FAMILIES.iter().filter(|family| family.built).flat_map(|family| family.nets);
    assert_eq!(visited.0, built.copied().collect::<Vec<_>>());
    let mut names = visited.0.clone();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), visited.0.len(), "two nets have one name");
}

/// Tests are built with all nets; without that, most would test nothing.
#[test]
fn tests_see_all_nets() {
    assert!(FAMILIES.iter().all(|family| family.built));
}

#[test]
fn the_first_numbers_are_those_of_the_python_generator() {
    let first = uniform("conv1.weight", 3);
    assert_eq!(first, [0.090_149_88, 0.490_323_42, -0.954_156_64]);
}

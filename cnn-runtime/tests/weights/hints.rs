//! Files whose tensors exist in another form, or under names of wrappers: the proposals make them load.

use cnn_runtime::weights::{Problem, Reparametrisation, Source, load};

use crate::net::{Entry, GRAPH, PACKED, RECIPE, entries, entry, file};

fn renamed(rename: impl Fn(&str) -> String) -> Vec<Entry> {
    entries().into_iter().map(|entry| Entry { name: rename(&entry.name), ..entry }).collect()
}

fn problems(bytes: &[u8], rules: &[(&str, &str)]) -> Vec<Problem> {
    match load(&GRAPH, &RECIPE, &Source::new(bytes).rename(rules), &mut [0.0; PACKED]) {
        Ok(()) => Vec::new(),
        Err(error) => error.problems,
    }
}

/// Checks that a file loads with the rules that its error proposes, as read from its text.
#[track_caller]
fn check_rules(entries: &[Entry]) {
    let bytes = file(entries);
    let error = load(&GRAPH, &RECIPE, &Source::new(&bytes), &mut [0.0; PACKED]).expect_err("names differ");
    let said = error.to_string();
    let quoted: Vec<&str> = said.split('"').skip(1).step_by(2).collect();
    let rules: Vec<(&str, &str)> = quoted.chunks(2).map(|rule| (rule[0], rule[1])).collect();
    assert!(!rules.is_empty(), "{said}");
    assert_eq!(problems(&bytes, &rules), [], "{said}");
}

#[test]
fn rules_that_are_proposed_make_a_file_load() {
    for prefix in ["module.", "_orig_mod.", "model.", "state_dict.", "_forward_module.", "module._orig_mod.", "a.b."] {
        check_rules(&renamed(|name| format!("{prefix}{name}")));
    }
    let inside =
        |layer: &str, wrapper: &str| renamed(|name| name.replace(&format!("{layer}."), &format!("{layer}.{wrapper}.")));
    for wrapper in ["_orig_mod", "module", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "module._orig_mod"] {
        check_rules(&inside("conv1", wrapper));
        check_rules(&inside("fc", wrapper));
    }
    // In each layer, in some layers at the front, and together with a prefix.
    check_rules(&renamed(|name| name.replacen('.', "._orig_mod.", 1)));
    check_rules(&renamed(|name| if name.starts_with("fc") { format!("_orig_mod.{name}") } else { name.to_string() }));
    check_rules(&renamed(|name| format!("model.{}", name.replace("conv1.", "conv1._orig_mod."))));
    check_rules(&renamed(|name| format!("module.{}", name.replace("fc.", "fc._orig_mod.module."))));
}

#[test]
fn rules_for_parts_of_a_model_make_a_file_load() {
    let by_part = |of_fc: &str, of_others: &str| {
        renamed(|name| if name.starts_with("fc") { format!("{of_fc}{name}") } else { format!("{of_others}{name}") })
    };
    for (of_fc, of_others) in
        [("head.", "backbone."), ("a.", "a.b."), ("a.b.", "a."), ("head.", ""), ("", "model.backbone.")]
    {
        check_rules(&by_part(of_fc, of_others));
    }
    // More tensors, which the net does not know.
    let mut given = by_part("head.", "backbone.");
    given.push(entry("neck.weight", &[3]));
    let text =
        load(&GRAPH, &RECIPE, &Source::new(&file(&given)), &mut [0.0; PACKED]).expect_err("names differ").to_string();
    assert!(text.contains("the names begin with `backbone.`, `head.`: rename with the rules"), "{text}");
}

#[test]
fn whole_numbers_of_quantisation_are_not_floats() {
    for (dtype, bytes, advice) in [("I8", 1, "save the model as it was before"), ("I64", 8, "`.float()` gives F32")] {
        let mut given = entries();
        let fc = given.iter_mut().find(|entry| entry.name == "fc.weight").expect("a tensor of the net");
        fc.bytes = vec![0; bytes * fc.shape.iter().product::<usize>()];
        fc.dtype = dtype;
        let text =
            load(&GRAPH, &RECIPE, &Source::new(&file(&given)), &mut [0.0; PACKED]).expect_err("a type").to_string();
        assert!(text.contains(advice), "{text}");
    }
}

#[test]
fn an_average_of_the_weights_loads_without_its_count() {
    let mut given = renamed(|name| format!("module.{name}"));
    given.push(Entry { dtype: "I64", bytes: vec![0; 8], ..entry("n_averaged", &[]) });
    check_rules(&given);
}

#[test]
fn two_sets_of_weights_are_distinguished() {
    let given = [renamed(|name| format!("model.{name}")), renamed(|name| format!("ema.{name}"))].concat();
    let prefixes = vec!["ema.".to_string(), "model.".to_string()];
    assert_eq!(problems(&file(&given), &[]), [Problem::Several { prefixes }]);
}

#[test]
fn tensors_that_are_stored_in_parts() {
    use Reparametrisation::{Parametrisation, Pruning, Quantisation, SpectralNorm, WeightNorm};
    let cases: [(&str, &[&str], Reparametrisation, &str); 8] = [
        ("fc.weight", &["fc.weight_g", "fc.weight_v"], WeightNorm, "remove_weight_norm("),
        ("conv1.weight", &["conv1.weight_g", "conv1.weight_v"], WeightNorm, "remove_weight_norm("),
        (
            "fc.weight",
            &["fc.parametrizations.weight.original0", "fc.parametrizations.weight.original1"],
            Parametrisation,
            "parametrize.remove_parametrizations(",
        ),
        (
            "fc.weight",
            &["fc.parametrizations.weight.original", "fc.parametrizations.weight.0._u"],
            Parametrisation,
            "parametrize.remove_parametrizations(",
        ),
        ("fc.weight", &["fc.weight_orig", "fc.weight_u", "fc.weight_v"], SpectralNorm, "remove_spectral_norm("),
        ("fc.weight", &["fc.weight_orig", "fc.weight_mask"], Pruning, "prune.remove("),
        ("fc.bias", &["fc.bias_orig", "fc.bias_mask"], Pruning, "prune.remove(model.get_submodule(\"fc\"), \"bias\")"),
        ("fc.weight", &["fc.qweight", "fc.qzeros", "fc.scales"], Quantisation, "save the model as it was before"),
    ];
    for (name, parts, by, advice) in cases {
        for prefix in ["", "module."] {
            let mut given = renamed(|name| format!("{prefix}{name}"));
            given.retain(|entry| entry.name != format!("{prefix}{name}"));
            let shape = entries().into_iter().find(|entry| entry.name == name).expect("a tensor of the net").shape;
            given.extend(parts.iter().map(|part| entry(&format!("{prefix}{part}"), &shape)));
            let bytes = file(&given);
            let error =
                load(&GRAPH, &RECIPE, &Source::new(&bytes), &mut [0.0; PACKED]).expect_err("a tensor is missing");
            let others = usize::from(!prefix.is_empty());
            assert_eq!(error.problems[others..], [Problem::Reparametrised { name: name.to_string(), by }], "{error}");
            assert!(error.to_string().contains(advice) && !error.to_string().contains("did you mean"), "{error}");
        }
    }
}

#[test]
fn parts_of_other_tensors_are_no_hint() {
    let mut given = entries();
    given.retain(|entry| entry.name != "fc.weight");
    given.extend([entry("fc2.weight_g", &[3]), entry("fc2.weight_v", &[3, 8]), entry("fc.weighted", &[1])]);
    let found = problems(&file(&given), &[]);
    assert!(!found.iter().any(|problem| matches!(problem, Problem::Reparametrised { .. })), "{found:?}");
}

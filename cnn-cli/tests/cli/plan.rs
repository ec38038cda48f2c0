//! `cnn plan`

use std::fs;

use cnn::memory::Holds;
use models::LeNet5;

use super::support::{Folder, json, run};

#[test]
fn a_plan_has_the_kernels_of_the_compiled_net() {
    let plan = json(&run(["plan", "lenet5", "--json"]));
    assert_eq!(plan["workspace_bytes"], LeNet5::WORKSPACE_BYTES);
    assert_eq!(plan["lower_bound_bytes"], 4 * LeNet5::MEMORY.lower_bound);
    let steps = plan["steps"].as_array().unwrap();
    assert_eq!(steps.len(), LeNet5::STEPS.len());
    for (step, compiled) in steps.iter().zip(LeNet5::STEPS) {
        assert_eq!([&step["name"], &step["kernel"]], [compiled.name, compiled.kernel]);
        assert_eq!(step["algorithm"], compiled.algorithm);
        let [begin, end] = [0, 1].map(|end| step["output_bytes"][end].as_u64().unwrap() as usize);
        assert!(begin < end && end <= LeNet5::WORKSPACE_BYTES, "{step}");
    }
    let buffers = plan["buffers"].as_array().unwrap();
    assert_eq!(buffers.len(), LeNet5::MEMORY.buffers.len());
    let text = run(["plan", "LeNet-5"]).ok();
    assert_eq!(text.lines().count(), steps.len() + 6, "{text}");
    assert!(
        text.contains(" bytes, WORKSPACE_BYTES\n") && text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
}

#[test]
fn buffers_are_listed_and_drawn() {
    let folder = Folder::new("plan");
    let chart = folder.path("chart.svg");
    let text = run(["plan", "lenet5", "--buffers", "--chart", chart.to_str().unwrap()]).ok();
    assert_eq!(text.lines().count(), LeNet5::MEMORY.buffers.len() + 6, "{text}");
    assert!(LeNet5::MEMORY.buffers.iter().any(|buffer| buffer.holds == Holds::Values) && text.contains("values"));
    let drawn = run(["diagram", "lenet5", "--memory"]).ok();
    assert_eq!(fs::read_to_string(chart).unwrap(), drawn);
    let error = run(["plan", "lenet5", "--chart=-"]).error();
    assert!(error.contains("--chart needs a file"), "{error}");
    let error = run(["plan", "lenet6"]).error();
    assert!(error.contains("did you mean `lenet5`?"), "{error}");
}

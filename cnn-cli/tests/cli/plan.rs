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

#[test]
fn the_step_of_a_net_has_the_bytes_of_the_compiled_one() {
    use cnn::train::Sgd;
    use models::{LeNet5Trainer, PerceptronTrainer};

    let plan = json(&run(["plan", "lenet5", "--train", "--json"]));
    assert_eq!(plan["train_bytes"], LeNet5Trainer::<Sgd>::TRAIN_BYTES);
    assert_eq!((&plan["images"], &plan["tensor_bytes"]), (&64.into(), &(4 * 61_706).into()));
    assert_eq!(plan["gradient_bytes"], plan["tensor_bytes"]);
    let [image, once] = ["image_bytes", "once_bytes"].map(|key| plan[key].as_u64().unwrap());
    assert_eq!(64 * image + once + 8 * 61_706, LeNet5Trainer::<Sgd>::TRAIN_BYTES as u64);
    let kernels = plan["kernels"].as_array().unwrap();
    assert!(kernels.len() > plan["forward"].as_u64().unwrap() as usize, "{plan}");
    assert!(kernels.iter().any(|kernel| kernel["kernel"] == "cross_entropy" && kernel["images"] == "each"), "{plan}");
    let buffers = plan["buffers"].as_array().unwrap();
    // By the layer that writes it: of the input, there is none.
    let has_gradient =
        |name: &str| buffers.iter().any(|buffer| buffer["name"] == name && buffer["holds"] == "gradient");
    assert!(has_gradient("conv2") && !has_gradient("conv1"), "{plan}");
    // The loss and the minibatch that the net is declared with.
    let plan = json(&run(["plan", "perceptron", "--train", "--json"]));
    assert_eq!((&plan["images"], &plan["train_bytes"]), (&1.into(), &PerceptronTrainer::<Sgd>::TRAIN_BYTES.into()));
    assert!(plan["kernels"].as_array().unwrap().iter().any(|kernel| kernel["kernel"] == "mean_squared"));
    let plan = json(&run(["plan", "lenet5", "--train", "--batch", "5", "--json"]));
    assert_eq!((&plan["images"], &plan["image_bytes"]), (&5.into(), &image.into()));
}

#[test]
fn the_step_of_a_net_in_a_file_is_listed_and_drawn() {
    let folder = Folder::new("plan_step");
    let net = folder.file(
        "net.rs",
        "cnn::network! {\n    #[train(batch = 6, loss = mean_squared)]\n    A: 2x5x7 -> 3 { a: conv(4, 3x3) -> relu -> dropout(0.2) -> \
         max_pool(2x2) -> fc: linear(3); }\n    B: 4 -> 2 { linear(3) -> step -> linear(2); }\n    \
         #[train(batch = 2, only(\"fc\"))]\n    C: 1x5x5 -> 3 { a: conv(4, 3x3) -> fc: linear(3); }\n}\n",
    );
    let [a, b] = ["A", "B"].map(|name| format!("{}::{name}", net.display()));
    let c = json(&run(["plan", &format!("{}::C", net.display()), "--train", "--json"]));
    // The convolution's nine taps and its bias, of channels that are padded to eight.
    assert_eq!((&c["tensor_bytes"], &c["trunk_bytes"]), (&(4 * 111).into(), &(4 * 80).into()), "{c}");
    let chart = folder.path("chart.svg");
    let text = run(["plan", &a, "--train", "--chart", chart.to_str().unwrap()]).ok();
    for expected in
        ["gradients", "mean_squared", "TRAIN_BYTES, for a step of 6 images", "masks of dropout, places of maxima"]
    {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let buffers = run(["plan", &a, "--train", "--buffers"]).ok();
    assert!(buffers.contains("gradient") && buffers.contains("fc.tensors"), "{buffers}");
    let drawn = run(["diagram", &a, "--memory", "--train"]).ok();
    assert_eq!(fs::read_to_string(chart).unwrap(), drawn);
    assert!(drawn.contains("A: memory of a training step") && drawn.contains("gradients →"), "{drawn}");
    // What can't be trained is said where it is.
    let error = run(["plan", &b, "--train"]).errors();
    assert!(error.contains("step") && error.contains("net.rs:4"), "{error}");
    let error = run(["diagram", &a, "--train"]).errors();
    assert!(error.contains("--memory"), "{error}");
}

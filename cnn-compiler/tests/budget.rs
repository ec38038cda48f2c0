//! Nets for small targets: the smallest workspace, the fastest plan in a given one, and what is said where none is small enough.

mod planned;

use cnn_compiler::plan::Plan;
use cnn_net::text::thousands;

const LENET5: &str = "LeNet5: 1x32x32 -> 10 {
    conv1: conv(6, 5x5) -> tanh -> avg_pool(2x2);
    conv2: conv(16, 5x5) -> tanh -> avg_pool(2x2);
    fc1: linear(120) -> tanh;
    fc2: linear(84) -> tanh;
    fc3: linear(10) -> softmax;
}";

/// ResNet-8 for CIFAR-10 (Banbury et al., "MLPerf Tiny benchmark", 2021).
const RESNET8: &str = "block residual(channels, stride) {
    add {
        conv1: conv(channels, 3x3, stride = stride, pad = same) -> relu -> conv2: conv(channels, 3x3, pad = 1);
        down: conv(channels, 1x1, stride = stride);
    } -> relu;
}
ResNet8: 3x32x32 -> 10 {
    stem: conv(16, 3x3, pad = 1) -> relu;
    add { conv1: conv(16, 3x3, pad = 1) -> relu -> conv2: conv(16, 3x3, pad = 1); skip; } -> relu;
    stage2: residual(32, 2) -> stage3: residual(64, 2) -> avg_pool(8x8) -> fc: linear(10) -> softmax;
}";

fn plan(attribute: &str, net: &str) -> Result<Plan, String> {
    let at = net.rfind("\n}\n").map_or(0, |end| end + 3);
    planned::plan(&format!("{}{attribute} {}", &net[..at], &net[at..]))
}

fn bytes(plan: &Plan) -> usize {
    plan.workspace_len * size_of::<f32>()
}

fn fits(attribute: &str, net: &str) -> Plan {
    plan(attribute, net).unwrap_or_else(|error| panic!("{attribute} {net}\n{error}"))
}

#[test]
fn small_nets_take_half_the_memory() {
    for (net, most) in [(LENET5, 0.51), (RESNET8, 0.51)] {
        let (fast, small) = (fits("", net), fits("#[memory(small)]", net));
        let share = bytes(&small) as f64 / bytes(&fast) as f64;
        println!("{} -> {} bytes, {} -> {} floats", bytes(&fast), bytes(&small), fast.packed_len, small.packed_len);
        assert!(share <= most, "{} of {} bytes", bytes(&small), bytes(&fast));
        assert!(small.packed_len <= fast.packed_len);
    }
}

/// Between the fastest plan and the smallest there are others, each within its limit and no slower than a smaller one needs to be.
#[test]
fn a_limit_is_kept() {
    for net in [LENET5, RESNET8] {
        let (fast, small) = (bytes(&fits("", net)), bytes(&fits("#[memory(small)]", net)));
        for part in 0..=4 {
            let most = small + (fast - small) * part / 4;
            let found = fits(&format!("#[workspace(max = {most})]"), net);
            assert!(bytes(&found) <= most, "{} of {most} bytes", bytes(&found));
        }
        let at_its_size = fits(&format!("#[workspace(max = {fast})]"), net);
        let algorithms = |plan: &Plan| plan.calls.iter().map(|call| call.kernel.algorithm()).collect::<Vec<_>>();
        assert_eq!(algorithms(&at_its_size), algorithms(&fits("", net)));
    }
}

#[test]
fn what_cannot_be_met_is_an_error_with_the_numbers() {
    for net in [LENET5, RESNET8] {
        let small = bytes(&fits("#[memory(small)]", net));
        let Err(error) = plan(&format!("#[workspace(max = {})]", small - 1), net) else {
            panic!("it fits {}", small - 1)
        };
        println!("{error}");
        let proposed = error.split("`max = ").nth(1).and_then(|rest| rest.split('`').next()).expect("a proposal");
        assert_eq!(proposed.replace('_', "").parse(), Ok(small), "{error}");
        fits(&format!("#[workspace(max = {proposed})]"), net);
    }
}

/// The images of a batch count, and so do what variants do.
#[test]
fn a_limit_is_that_of_all_images() {
    let one = bytes(&fits("#[memory(small)]", LENET5));
    assert!(plan(&format!("#[batch(8)] #[workspace(max = {one})]"), LENET5).is_err());
    fits(&format!("#[batch(8)] #[workspace(max = {})]", 8 * one), LENET5);
}

/// What the message proposes for a batch is what `#[memory(small)]` finds.
#[test]
fn the_proposal_for_a_batch_is_the_smallest() {
    for net in [LENET5, RESNET8] {
        let small = fits("#[batch(4)] #[memory(small)]", net).bytes();
        let Err(error) = plan(&format!("#[batch(4)] #[workspace(max = {})]", small - 1), net) else {
            panic!("it fits {}", small - 1)
        };
        println!("{error}");
        assert!(error.contains(&format!("`max = {}`", thousands(small as u64).replace(',', "_"))), "{error}");
    }
}

//! [`Plan`] to Rust: a type for the net, a type for its weights, and a straight line of kernel calls.
//!
//! | part | emits |
//! | --- | --- |
//! | `net` | the two types, `new`, `from_safetensors`, `Network` |
//! | `forward` | `forward`, the taps |
//! | `kernels` | a constant and a call for each kernel, `STEPS`, the packing recipe |
//! | `memory` | `MEMORY` |
//! | `parts` | what these share |
//! | `names` | the block around what is implemented |
//! | `embed` | weights in the binary |
//! | `values` | the runtime's values as expressions |
//! | `stub` | the types alone, for a net with mistakes |

mod embed;
mod forward;
mod kernels;
mod memory;
mod names;
mod net;
mod parts;
mod stub;
mod values;

pub(crate) use embed::embed;
pub(crate) use net::net;
pub(crate) use stub::stub;

/// `61,706`
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

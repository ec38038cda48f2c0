//! `cnn digits`

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cnn_digits::mnist::{TEST_IMAGES, TEST_LABELS};
use cnn_digits::{Blank, Input, Picture, idx};
use flate2::read::GzDecoder;
use models::LeNet5;
use serde::Serialize;
use serde_json::json;

use crate::args::Json;
use crate::args::digits::DigitsArgs;
use crate::failure::{Failure, shown, tell};
use crate::output::Output;
use crate::picture;

/// The net's answer: a probability for each digit.
type Probabilities = [f32; 10];

/// Less probable answers are printed with a second guess.
const SURE: f32 = 0.9;

/// How long the test digits are run repeatedly, to measure the time of one.
const MEASURING: Duration = Duration::from_millis(500);

/// Reads pictures, or the test digits.
pub(super) fn digits(args: &DigitsArgs, out: &mut Output<impl Write>) -> Result<(), Failure> {
    if args.test { test(args.json, out) } else { read(&args.files, args.json, out) }
}

/// Prints what each picture shows, or an error on stderr if it cannot be read.
fn read(files: &[PathBuf], json: Json, out: &mut Output<impl Write>) -> Result<(), Failure> {
    let mut net = LeNet5::embedded();
    let mut all_read = true;
    let pictures =
        files.iter().map(|path| (path, input(path).map(|input| *net.forward(&input)))).inspect(|(path, it)| {
            if let Err(error) = it {
                tell(&format!("{} {error}", shown(path)));
                all_read = false;
            }
        });
    if json.json {
        out.json(&Answers { pictures: pictures.map(|(path, answer)| Answer::new(path, answer)).collect() })?;
    } else {
        let layout = Layout::of(files);
        for (path, answer) in pictures {
            answer.map_or(Ok(()), |answer| writeln!(out, "{}", layout.line(path, &answer)))?;
        }
    }
    if all_read { Ok(()) } else { Err(Failure::Reported) }
}

/// What the pictures show, as JSON.
#[derive(Serialize)]
struct Answers {
    pictures: Vec<Answer>,
}

#[derive(Serialize)]
struct Answer {
    file: String,
    digit: Option<usize>,
    probability: Option<f32>,
    probabilities: Option<Probabilities>,
    error: Option<String>,
}

impl Answer {
    fn new(path: &Path, answer: Result<Probabilities, String>) -> Self {
        let best = answer.as_ref().ok().map(|probabilities| two_best(probabilities)[0]);
        Self {
            file: path.to_string_lossy().into_owned(),
            digit: best.map(|(digit, _)| digit),
            probability: best.map(|(_, probability)| probability),
            probabilities: answer.as_ref().ok().copied(),
            error: answer.err(),
        }
    }
}

/// The digit in a PNG or JPEG file. The error is a problem that begins with a verb.
fn input(path: &Path) -> Result<Input, String> {
    let picture = picture::read(path).map_err(|error| error.to_string())?;
    let pixels = Picture::new(picture.width, picture.height, &picture.pixels).ok_or(Blank);
    pixels.and_then(|pixels| cnn_digits::read(&pixels)).map_err(|blank| blank.to_string())
}

/// Widths that align the lines of all pictures, although each is printed as soon as it is known.
struct Layout {
    percent: usize,
    path: usize,
}

impl Layout {
    fn of(files: &[PathBuf]) -> Self {
        let path = files.iter().map(|path| shown(path).chars().count()).max().unwrap_or(0);
        // The width of `100.0`, if there are other lines to align with.
        Self { percent: if files.len() > 1 { 5 } else { 0 }, path }
    }

    /// `7  99.8 %  seven.png`, followed by `or 1  9.7 %` if that is not sure.
    fn line(&self, path: &Path, probabilities: &Probabilities) -> String {
        let [(digit, first), (other, second)] = two_best(probabilities);
        let (percent, path) = (self.percent, shown(path));
        let line = format!("{digit}  {:percent$.1} %  ", 100.0 * first);
        if first >= SURE {
            return line + &path;
        }
        format!("{line}{path:<0$}  or {other}  {1:.1} %", self.path, 100.0 * second)
    }
}

/// The most probable digit and the next, with their probabilities.
fn two_best(probabilities: &Probabilities) -> [(usize, f32); 2] {
    let mut best = [(0, f32::NEG_INFINITY); 2];
    for (digit, &probability) in probabilities.iter().enumerate() {
        if probability > best[0].1 {
            best = [(digit, probability), best[0]];
        } else if probability > best[1].1 {
            best[1] = (digit, probability);
        }
    }
    best
}

/// Reads the test digits, and prints how many are right and how long one takes.
fn test(json: Json, out: &mut Output<impl Write>) -> Result<(), Failure> {
    let damaged = |error| Failure::Message(format!("the test digits in this program are damaged: {error}"));
    let images = idx::images(GzDecoder::new(TEST_IMAGES)).map_err(damaged)?;
    let labels = idx::labels(GzDecoder::new(TEST_LABELS)).map_err(damaged)?;
    let inputs: Vec<Input> = images.iter().map(cnn_digits::from_mnist).collect();
    let mut net = LeNet5::embedded();
    let answers = inputs.iter().map(|input| two_best(net.forward(input))[0].0);
    let right = answers.zip(&labels).filter(|(answer, label)| *answer == usize::from(**label)).count();
    let per_image = fastest_pass(&mut net, &inputs) / inputs.len() as u32;
    let micros = per_image.as_secs_f64() * 1e6;
    if json.json {
        return out.json(&json!({ "right": right, "images": inputs.len(), "us_per_image": micros }));
    }
    Ok(writeln!(out, "{right} of {} right, {micros:.1} us per image", inputs.len())?)
}

/// The shortest time in which the net read all inputs. Anything else that the machine does only makes it longer.
fn fastest_pass(net: &mut LeNet5<'_>, inputs: &[Input]) -> Duration {
    let begin = Instant::now();
    let mut fastest = Duration::MAX;
    while fastest == Duration::MAX || begin.elapsed() < MEASURING {
        let pass = Instant::now();
        for input in inputs {
            std::hint::black_box(net.forward(std::hint::black_box(input)));
        }
        fastest = fastest.min(pass.elapsed());
    }
    fastest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_photograph_has_the_strokes_of_a_digit() {
        let photo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cnn-train/tests/pictures/photo.jpg");
        let mass: f32 = input(&photo).unwrap().iter().sum();
        // Strokes, not a shadow: MNIST's digits have 30 to 200.
        assert!((30.0..200.0).contains(&mass), "{mass}");
    }

    const UNSURE: Probabilities = [0.0, 0.097, 0.0, 0.0, 0.0, 0.0, 0.0, 0.85, 0.053, 0.0];

    fn layout(files: &[&str]) -> Layout {
        Layout::of(&files.iter().map(PathBuf::from).collect::<Vec<_>>())
    }

    #[test]
    fn a_sure_answer_is_short() {
        let sure = [0.0, 0.002, 0.0, 0.0, 0.0, 0.0, 0.0, 0.998, 0.0, 0.0];
        assert_eq!(layout(&["7.png"]).line(Path::new("7.png"), &sure), "7  99.8 %  7.png");
    }

    #[test]
    fn an_unsure_answer_has_a_second_guess() {
        assert_eq!(layout(&["7.png"]).line(Path::new("7.png"), &UNSURE), "7  85.0 %  7.png  or 1  9.7 %");
    }

    #[test]
    fn several_answers_are_aligned() {
        let line = layout(&["7.png", "longer.png"]).line(Path::new("7.png"), &UNSURE);
        assert_eq!(line, "7   85.0 %  7.png       or 1  9.7 %");
    }
}

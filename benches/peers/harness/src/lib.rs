//! What engines in Rust have in common: the command line, the files of a net, and the runner's protocol.
//!
//! An engine is started as `ENGINE [--f16] NET THREADS OUTPUT`. It loads the net, runs it once, writes the answer to the file
//! `OUTPUT`, prints `ready`, and then answers each line `run SECONDS LEAST` with the times of that many runs. The runner stops the
//! process (SIGSTOP) while other engines have their turn. With `--once` instead of `OUTPUT`, it prints the first number of its
//! answer and ends, to measure the time from a program's start to its first result.
//!
//! Engines that train follow the same protocol ([`training`]).

use std::error::Error;
use std::io::{BufRead as _, Write as _};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{env, fs, io};

use rustix::time::{ClockId, clock_gettime};

pub mod training;

/// The least time between two readings of the CPU time, each of which takes microseconds.
const CPU_SAMPLE: Duration = Duration::from_millis(1);
/// The fraction of a turn that is not measured, since caches are cold.
const WARM_UP: f64 = 0.2;
/// The most times on one line of an answer.
const MOST_RUNS: usize = 20_000;

/// An engine's task.
pub struct Job {
    /// The net.
    pub net: String,
    /// Threads to run it on.
    pub threads: usize,
    /// Whether to store weights in half precision.
    pub half: bool,
    output: Option<PathBuf>,
}

/// A loaded net.
pub trait Engine {
    /// Runs the net; the answer need not leave the engine's memory.
    fn run(&mut self);
    /// The logits of the last run.
    fn logits(&mut self) -> Vec<f32>;
}

impl Job {
    /// Reads the command line.
    ///
    /// # Errors
    ///
    /// If it is not `[--f16] NET THREADS OUTPUT`.
    pub fn from_args() -> Result<Self, Box<dyn Error>> {
        let args: Vec<String> = env::args().skip(1).collect();
        let half = args.first().is_some_and(|first| first == "--f16");
        let [net, threads, output] = &args[usize::from(half)..] else {
            return Err("expected [--f16] NET THREADS OUTPUT|--once".into());
        };
        let output = (output != "--once").then(|| PathBuf::from(output));
        Ok(Self { net: net.clone(), threads: threads.parse()?, half, output })
    }

    /// Whether the engine runs only once, so that preparations for later runs do not pay off.
    pub fn once(&self) -> bool {
        self.output.is_none()
    }

    /// A file of the net: `onnx`, `safetensors`.
    pub fn file(&self, extension: &str) -> PathBuf {
        folder().join("nets").join(format!("{}.{extension}", self.net))
    }

    /// The shape of the input: batch, channels, rows, columns.
    pub fn shape(&self) -> [usize; 4] {
        match self.net.as_str() {
            "lenet5" => [1, 1, 32, 32],
            "unet" => [1, 3, 256, 256],
            _ => [1, 3, 224, 224],
        }
    }

    /// The image.
    ///
    /// # Errors
    ///
    /// If its file cannot be read.
    pub fn input(&self) -> io::Result<Vec<f32>> {
        let bytes = fs::read(self.file("input.f32"))?;
        Ok(bytes
            .chunks_exact(4)
            .map(|number| f32::from_le_bytes([number[0], number[1], number[2], number[3]]))
            .collect())
    }

    /// Runs the engine as often as the runner asks.
    ///
    /// # Errors
    ///
    /// If a file or a pipe fails, or a line does not follow the protocol.
    pub fn serve(&self, engine: &mut impl Engine) -> Result<(), Box<dyn Error>> {
        let mut stdout = io::stdout().lock();
        engine.run();
        let logits = engine.logits();
        let Some(output) = &self.output else {
            writeln!(stdout, "{}", logits[0])?;
            return Ok(());
        };
        fs::write(output, logits.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>())?;
        writeln!(stdout, "ready")?;
        for line in io::stdin().lock().lines() {
            let line = line?;
            let mut words = line.split_whitespace();
            let (Some("run"), Some(seconds), Some(least)) = (words.next(), words.next(), words.next()) else {
                return Err(format!("does not follow the protocol: {line}").into());
            };
            let times = measure(engine, seconds.parse()?, least.parse()?);
            writeln!(stdout, r#"{{"wall": {:?}, "cpu": {:?}}}"#, times.wall, times.cpu)?;
        }
        Ok(())
    }
}

/// The folder for everything large: nets, virtual environments, builds.
pub fn folder() -> PathBuf {
    env::var_os("PEERS_DIR").map_or_else(|| PathBuf::from("work"), PathBuf::from)
}

/// Nanoseconds of single runs.
struct Times {
    /// Wall-clock time.
    wall: Vec<u64>,
    /// CPU time of all threads of the process, averaged over about a millisecond if runs are shorter.
    cpu: Vec<u64>,
}

fn measure(engine: &mut impl Engine, seconds: f64, least: usize) -> Times {
    let warm = Instant::now();
    loop {
        engine.run();
        if warm.elapsed().as_secs_f64() >= WARM_UP * seconds {
            break;
        }
    }
    let mut times = Times { wall: Vec::new(), cpu: Vec::new() };
    let start = Instant::now();
    let (mut group, mut group_cpu, mut group_runs) = (start, process_time(), 0);
    loop {
        let before = Instant::now();
        engine.run();
        let after = Instant::now();
        times.wall.push(nanoseconds(after - before));
        group_runs += 1;
        if after - group >= CPU_SAMPLE {
            let cpu = process_time();
            times.cpu.push(nanoseconds(cpu - group_cpu) / group_runs);
            (group, group_cpu, group_runs) = (Instant::now(), cpu, 0);
        }
        let runs = times.wall.len();
        if runs >= MOST_RUNS || (runs >= least && after.duration_since(start).as_secs_f64() >= seconds) {
            return times;
        }
    }
}

fn process_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

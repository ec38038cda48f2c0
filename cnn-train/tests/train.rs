//! Trainings as a whole: that they learn, go on where they stopped, and say what is wrong.

use std::fs;
use std::path::{Path, PathBuf};

use cnn_train::{
    Augment, DataSet, Event, Job, Kind, Options, ResumeError, Run, TargetKind, Wanted, learner, open, train,
};

cnn::network! {
    #[train(batch = 16)]
    Digits: 1x28x28 -> 10 {
        conv(4, 5x5, stride = 3) -> relu -> dropout(0.1) -> fc: linear(10);
    }

    #[train(batch = 4, loss = mean_squared)]
    Line: 2 -> 1 {
        fc: linear(1);
    }

    #[train(batch = 2)]
    Colours: 3x6x4 -> 2 {
        global_avg_pool -> fc: linear(2);
    }

    #[train(batch = 2, loss = binary_cross_entropy)]
    Either: 3x6x4 -> 1 {
        global_avg_pool -> fc: linear(1) -> sigmoid;
    }
}

/// A new folder of this name.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("a folder can be made");
    path
}

fn digits() -> (DataSet, Option<DataSet>) {
    let wanted = Wanted::new(Digits::GRAPH.input(), TargetKind::Class(10));
    let parts = open(&["digits".into()], &wanted).unwrap_or_else(|error| panic!("{error}"));
    assert!(parts.validation.is_none());
    parts.training.split(0.2, 5)
}

fn options(threads: usize) -> Options {
    let augment = Augment { shift: 1, rotate: 5.0, ..Augment::default() };
    Options { epochs: 3, rate: 0.003, optimiser: Kind::Adam, seed: 11, augment, threads, ..Options::default() }
}

fn run<'a>(options: &'a Options, training: &'a DataSet, validation: &'a DataSet) -> Run<'a> {
    let learner = learner::<Digits<'static>>(DigitsParams::init(options.seed), options);
    Run::new(learner, options, training, Some(validation)).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn digits_are_learnt_with_the_same_bits_however_often_it_stops() {
    let (training, validation) = digits();
    let validation = validation.expect("it was split off");
    assert_eq!((training.len(), validation.len()), (800, 200));
    let alone = options(1);
    let mut whole = run(&alone, &training, &validation);
    while whole.advance().is_some() {}
    assert_eq!((whole.steps().len(), whole.epochs().len()), (150, 3));
    let [first, last] = [0, 2].map(|epoch| whole.epochs()[epoch].validation.expect("there is a part to judge by"));
    let right = last.accuracy.expect("it has classes");
    assert!(last.loss < first.loss && right > 0.6, "{first:?} {last:?}");
    // On two threads; stopped in an epoch, between its last step and its end, and after it.
    let two = options(2);
    let mut stopped = run(&two, &training, &validation);
    for events in [7, 43, 1, 20, 1000] {
        for _ in 0..events {
            stopped.advance();
        }
        let checkpoint = stopped.checkpoint();
        stopped = run(&two, &training, &validation);
        stopped.resume(&checkpoint).unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(stopped.checkpoint(), checkpoint);
    }
    assert!(stopped.advance().is_none());
    assert_eq!(stopped.learner().weights(), whole.learner().weights());
    assert_eq!(stopped.checkpoint(), whole.checkpoint());
}

#[test]
fn a_training_goes_on_only_as_it_began() {
    let (training, validation) = digits();
    let validation = validation.expect("it was split off");
    let began = options(1);
    let mut first = run(&began, &training, &validation);
    first.advance();
    let checkpoint = first.checkpoint();
    let other = Options { seed: 12, ..options(1) };
    let refused = run(&other, &training, &validation).resume(&checkpoint);
    assert!(
        matches!(&refused, Err(ResumeError::Settings { theirs, ours }) if theirs.contains("seed 11") && ours.contains("seed 12"))
    );
    assert!(matches!(run(&began, &validation, &training).resume(&checkpoint), Err(ResumeError::Settings { .. })));
    let sgd = Options { optimiser: Kind::Sgd, ..options(1) };
    assert!(matches!(run(&sgd, &training, &validation).resume(&checkpoint), Err(ResumeError::Settings { .. })));
    for changed in [
        Options { weight_decay: 0.1, ..options(1) },
        Options { clip: Some(1.0), ..options(1) },
        Options { decay_all: false, ..options(1) },
    ] {
        assert!(matches!(run(&changed, &training, &validation).resume(&checkpoint), Err(ResumeError::Settings { .. })));
    }
    let weights = first.learner().weights();
    for damaged in [&weights[..], &checkpoint[..100], &[]] {
        assert!(matches!(run(&began, &training, &validation).resume(damaged), Err(ResumeError::Damaged)));
    }
    // A longer training, at another rate, is a choice.
    let longer = Options { epochs: 9, rate: 0.001, ..options(1) };
    assert!(run(&longer, &training, &validation).resume(&checkpoint).is_ok());
}

#[test]
fn an_incomplete_minibatch_is_left_out() {
    let (training, validation) = digits();
    let few = Options { epochs: 1, ..options(1) };
    let small = validation.expect("it was split off").split(0.5, 0).1.expect("it has 100");
    let mut run = Run::new(learner::<Digits<'static>>(DigitsParams::init(1), &few), &few, &small, Some(&training))
        .unwrap_or_else(|error| panic!("{error}"));
    let events: Vec<Event> = std::iter::from_fn(|| run.advance()).collect();
    assert_eq!(events.len(), 100 / 16 + 1);
    let none = small.clone().split(0.9, 0).0;
    let refused = Run::new(learner::<Digits<'static>>(DigitsParams::init(1), &few), &few, &none, None);
    let message = refused.err().map(|error| error.to_string()).unwrap_or_default();
    assert_eq!(message, "there are 10 images to learn from, but a minibatch has 16: give more, or a smaller --batch");
}

/// What is to be done in a folder, with this data.
fn job(folder: &Path, data: &[&Path]) -> Job {
    Job {
        data: data.iter().map(|path| path.to_path_buf()).collect(),
        validation: 0.0,
        mean: vec![0.0],
        std: vec![1.0],
        options: Options { epochs: 2, ..Options::default() },
        initial: cnn_train::Initial::default(),
        from: None,
        output: folder.join("w.safetensors"),
        checkpoint: folder.join("c.safetensors"),
        resume: false,
        curve: vec![folder.join("a.svg"), folder.join("a.csv")],
        json: false,
    }
}

fn printed<N: cnn_train::Net>(job: &Job) -> Result<String, String> {
    let mut out = Vec::new();
    match train::<N>(job, &mut out) {
        Ok(_) => Ok(String::from_utf8(out).expect("text is printed")),
        Err(cnn_train::Failed::Training(error)) => Err(error.to_string()),
        Err(cnn_train::Failed::Output(error)) => panic!("{error}"),
    }
}

#[test]
fn a_line_is_fitted_to_numbers() {
    let folder = folder("line");
    let data = folder.join("points.csv");
    let point = |index: usize| {
        let (x, y) = (index % 9, index / 9);
        format!("{x}, {y}, {}\n", 2.0 * x as f32 - y as f32 + 0.5)
    };
    fs::write(&data, format!("x,y,z\n{}", (0..81).map(point).collect::<String>())).expect("it can be written");
    let mut job = job(&folder, &[&data, &data]);
    job.options = Options { epochs: 200, rate: 0.003, ..job.options };
    let text = printed::<Line<'static>>(&job).unwrap_or_else(|error| panic!("{error}"));
    assert!(
        text.starts_with("Line: 3 parameters, 81 images, judged by 81, minibatches of 4\nepoch 1/200: training loss "),
        "{text}"
    );
    let bytes = fs::read(&job.output).expect("the weights are there");
    let weights = LineWeights::from_safetensors(&bytes).unwrap_or_else(|error| panic!("{error}"));
    let [z] = *Line::new(&weights).forward(&[3.0, 1.0]);
    assert!((z - 5.5).abs() < 0.01, "{z}");
    assert_eq!(fs::read_to_string(folder.join("a.csv")).expect("it is there").lines().count(), 1 + 200 * 20 + 400);
    assert!(fs::read_to_string(folder.join("a.svg")).expect("it is there").ends_with("</svg>\n"));
    // Inputs are normalised, as those of images are.
    let weights = |mean: Vec<f32>, std: Vec<f32>| {
        let job = Job { mean, std, output: folder.join("other.safetensors"), ..job.clone() };
        printed::<Line<'static>>(&job).map(|_| fs::read(&job.output).expect("the weights are there"))
    };
    assert_ne!(weights(vec![4.0], vec![3.0]), Ok(bytes.clone()));
    assert_eq!(weights(vec![0.0, 0.0], vec![1.0]), Ok(bytes));
    let refused = weights(vec![1.0; 3], vec![1.0]).expect_err("there are two inputs");
    assert!(refused.starts_with("--mean has 3 numbers, but the net's input has 2"), "{refused}");
    // Fine tuning goes on from weights.
    job.from = Some(job.output.clone());
    job.options.epochs = 1;
    let text = printed::<Line<'static>>(&job).unwrap_or_else(|error| panic!("{error}"));
    assert!(text.contains("epoch 1/1: training loss 0.00"), "{text}");
    for (lines, wrong) in [
        ("1,2\n", "line 1: has 2 numbers, but the net needs 2 inputs and then 1 for the target"),
        ("a,b,c\n1,2,x\n", "line 2: `x` is no finite number"),
        ("a,b,c\n", "holds no numbers: write a line for each example"),
    ] {
        fs::write(&data, lines).expect("it can be written");
        assert_eq!(printed::<Line<'static>>(&job), Err(format!("{} {wrong}", data.display())));
    }
}

#[test]
fn a_rate_that_is_too_high_is_an_error() {
    let folder = folder("too_high");
    let data = folder.join("points.csv");
    fs::write(&data, "100,100,1\n".repeat(8)).expect("it can be written");
    let mut job = job(&folder, &[&data]);
    job.options = Options { epochs: 100, rate: 10.0, ..job.options };
    let error = printed::<Line<'static>>(&job).expect_err("it diverges");
    assert!(error.contains("is no number: train with a smaller --lr"), "{error}");
}

/// A PNG file of one colour.
fn png(path: &Path, [width, height]: [u32; 2], colour: [u8; 3]) {
    fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder can be made");
    let mut encoder = png::Encoder::new(fs::File::create(path).expect("it can be made"), width, height);
    encoder.set_color(png::ColorType::Rgb);
    let bytes = colour.repeat((width * height) as usize);
    encoder.write_header().and_then(|mut writer| writer.write_image_data(&bytes)).expect("it can be written");
}

/// Warm and cold colours, in pictures of several sizes.
fn pictures(folder: &Path) {
    for index in 0..8_u8 {
        let size = [10 + u32::from(index), 20 - u32::from(index)];
        png(&folder.join(format!("warm/{index}.png")), size, [200 + index, 20 * index, 10]);
        png(&folder.join(format!("cold/{index}.PNG")), size, [10, 20 * index, 200 + index]);
    }
    fs::write(folder.join("warm/notes.txt"), "no picture").expect("it can be written");
    fs::write(folder.join("README"), "no class").expect("it can be written");
}

#[test]
fn pictures_are_learnt_by_folders() {
    let folder = folder("pictures");
    pictures(&folder.join("data/train"));
    pictures(&folder.join("data/val"));
    let data = folder.join("data");
    let mut job = job(&folder, &[&data]);
    job.options = Options { epochs: 30, rate: 0.1, augment: "flip,crop".parse().unwrap_or_default(), ..job.options };
    (job.mean, job.std) = (vec![0.5], vec![0.5, 0.4, 0.5]);
    let text = printed::<Colours<'static>>(&job).unwrap_or_else(|error| panic!("{error}"));
    assert!(text.starts_with("Colours: 8 parameters, 16 images, judged by 16, minibatches of 2\n"), "{text}");
    assert!(
        text.lines().last().is_some_and(|line| line.contains("validation loss") && line.contains("100.00 %; ")),
        "{text}"
    );
    printed::<Either<'static>>(&job).unwrap_or_else(|error| panic!("{error}"));
    job.json = true;
    let text = printed::<Colours<'static>>(&job).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(text.lines().count(), 31);
    // A class may have the name of a part.
    fs::rename(data.join("val/warm"), data.join("val/train")).expect("it can be renamed");
    job.data = vec![data.join("val")];
    let text = printed::<Colours<'static>>(&job).unwrap_or_else(|error| panic!("{error}"));
    assert!(text.contains("\"images\":16,") && text.contains("\"validation_images\":0"), "{text}");
    assert!(text.lines().all(|line| line.starts_with('{') && line.ends_with('}')), "{text}");
}

#[test]
fn what_is_wrong_with_pictures_is_said() {
    let folder = folder("wrong_pictures");
    let data = folder.join("data");
    pictures(&data);
    let job = job(&folder, &[&data]);
    let error = printed::<Digits<'static>>(&job).expect_err("it has other classes");
    let expected = "has 2 classes (cold, warm), but the net has 10 outputs: let it end in `linear(2)`";
    assert!(error.starts_with(&format!("{} {expected}", data.display())), "{error}");
    let cut = data.join("cold/3.jpg");
    fs::write(&cut, "no picture").expect("it can be written");
    let error = printed::<Colours<'static>>(&job).expect_err("a picture is none");
    assert_eq!(error, format!("{} is neither a PNG nor a JPEG picture; mend or remove it", cut.display()));
    fs::remove_file(&cut).expect("it can be removed");
    let other = data.join("warm/4.WebP");
    fs::write(&other, "no picture").expect("it can be written");
    let error = printed::<Colours<'static>>(&job).expect_err("a picture would be left out");
    assert_eq!(error, format!("{} is neither PNG nor JPEG: convert it, or remove it", other.display()));
    fs::remove_file(&other).expect("it can be removed");
    let stray = data.join("5.png");
    fs::copy(data.join("warm/1.png"), &stray).expect("it can be copied");
    let error = printed::<Colours<'static>>(&job).expect_err("a picture would be left out");
    let expected = "is a picture of no class: move it into the folder of one, or remove it";
    assert_eq!(error, format!("{} {expected}", stray.display()));
    let inner = data.join("warm/more");
    fs::create_dir(&inner).expect("a folder can be made");
    fs::rename(&stray, inner.join("5.png")).expect("it can be renamed");
    let error = printed::<Colours<'static>>(&job).expect_err("a picture would be left out");
    assert_eq!(error, format!("{} is a folder within a class: move its pictures up, or remove it", inner.display()));
    fs::remove_dir_all(&inner).expect("it can be removed");
    // The start of a photograph, whose decoder ends its message with a line break.
    let photo = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pictures/photo.jpg")).expect("it is there");
    fs::write(&cut, &photo[..photo.len().min(300)]).expect("it can be written");
    let error = printed::<Colours<'static>>(&job).expect_err("a picture is cut off");
    assert!(error.ends_with("; mend or remove it") && !error.contains('\n'), "{error}");
    fs::remove_file(&cut).expect("it can be removed");
    fs::create_dir(data.join("third")).expect("a folder can be made");
    let error = printed::<Digits<'static>>(&job).expect_err("there are three");
    assert!(error.contains("has 3 classes (cold, third, warm)"), "{error}");
    assert_eq!(fs::read_dir(&folder).expect("it is there").count(), 1, "nothing was written");
    fs::remove_dir_all(&data).expect("it can be removed");
    fs::create_dir_all(data.join("only")).expect("a folder can be made");
    let error = printed::<Colours<'static>>(&job).expect_err("there is one");
    assert!(error.contains("has neither IDX files nor a folder of pictures for each of several classes"), "{error}");
    let error =
        printed::<Colours<'static>>(&Job { output: folder.join("no/w"), ..job.clone() }).expect_err("no folder");
    assert!(error.contains("no/w cannot be written: there is no folder "), "{error}");
}

/// An IDX file of labels, or of images of 28x28.
fn idx(path: &Path, images: bool, count: u8, values: &[u8]) {
    let header: &[u8] =
        if images { &[0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 28, 0, 0, 0, 28] } else { &[0, 0, 8, 1, 0, 0, 0, count] };
    fs::write(path, [header, values].concat()).expect("it can be written");
}

#[test]
fn idx_files_are_found_and_checked() {
    let folder = folder("idx");
    let data = folder.join("data");
    fs::create_dir(&data).expect("a folder can be made");
    let [images, labels] = ["train-images-idx3-ubyte", "train-labels.idx1-ubyte"].map(|name| data.join(name));
    let levels: Vec<u8> = (0..20 * 784).map(|index| (index % 256) as u8).collect();
    idx(&images, true, 20, &levels);
    let mut job = job(&folder, &[&data]);
    let error = printed::<Digits<'static>>(&job).expect_err("there are no labels");
    assert!(error.starts_with(&format!("{} has images, but there are no labels", images.display())), "{error}");
    job.data = vec![images.clone()];
    let error = printed::<Digits<'static>>(&job).expect_err("there are no labels");
    assert_eq!(error, format!("{} has images but no labels: name the file with the labels after it", images.display()));
    idx(&labels, false, 20, &[3; 20]);
    for paths in [vec![data.clone()], vec![images.clone(), labels.clone()], vec![labels.clone(), images.clone()]] {
        let text =
            printed::<Digits<'static>>(&Job { data: paths, ..job.clone() }).unwrap_or_else(|error| panic!("{error}"));
        assert!(text.starts_with("Digits: ") && text.contains(" 20 images, minibatches of 16"), "{text}");
    }
    idx(&data.join("t10k-images-idx3-ubyte"), true, 2, &levels[..2 * 784]);
    idx(&data.join("t10k-labels-idx1-ubyte"), false, 2, &[1, 2]);
    job.data = vec![data.clone()];
    assert!(printed::<Digits<'static>>(&job).is_ok_and(|text| text.contains("20 images, judged by 2,")));
    idx(&labels, false, 20, &[10; 20]);
    let error = printed::<Digits<'static>>(&job).expect_err("there is no such class");
    assert!(error.starts_with("there is an image of class 10, but the net has the 10 classes 0 to 9: "), "{error}");
    idx(&labels, false, 19, &[1; 19]);
    let error = printed::<Digits<'static>>(&job).expect_err("one is missing");
    assert!(
        error.contains("has 20 images, but ") && error.ends_with("has 19 labels: they don't belong together"),
        "{error}"
    );
    fs::write(&labels, "no IDX file").expect("it can be written");
    let error = printed::<Digits<'static>>(&job).expect_err("it is none");
    assert!(error.contains("is no IDX file of images or labels: "), "{error}");
    let error =
        printed::<Digits<'static>>(&Job { data: vec![folder.join("gone")], ..job.clone() }).expect_err("it is gone");
    assert!(error.contains("gone cannot be read: "), "{error}");
}

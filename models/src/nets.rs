//! The nets of this build, by name.

use cnn::Network;

use crate::{About, Classifier, Detector};

/// What is done with each net.
pub trait Visitor {
    /// A net, and its name on the command line.
    fn net<N: Network + About + 'static>(&mut self, name: &'static str);

    /// One that classifies pictures.
    fn classifier<N: Network + About + Classifier + 'static>(&mut self, name: &'static str) {
        self.net::<N>(name);
    }

    /// One that finds objects in pictures.
    fn detector<N: Network + About + Detector + 'static>(&mut self, name: &'static str) {
        self.net::<N>(name);
    }

    /// The net of this name, which was visited, compiled for several images in a pass.
    fn batch<N: Network + About + 'static>(&mut self, _name: &'static str) {}
}

/// Nets that a feature adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    /// The feature; none for the nets that are always there.
    pub feature: Option<&'static str>,
    /// Whether they are in this build.
    pub built: bool,
    /// Their names on the command line.
    pub nets: &'static [&'static str],
}

/// The nets that are always there, then those of features. A feature may come twice. A net may be there for several images too.
macro_rules! families {
    (
        { $($kind:ident $net:path = $name:literal $(, batch $batch:path)?;)* }
        $($feature:literal { $($its_kind:ident $its_net:path = $its_name:literal $(, batch $its_batch:path)?;)* })*
    ) => {
        /// All families, in the order of [`each`].
        pub static FAMILIES: &[Family] = &[
            Family { feature: None, built: true, nets: &[$($name),*] },
            $(Family { feature: Some($feature), built: cfg!(feature = $feature), nets: &[$($its_name),*] },)*
        ];

        /// Calls the visitor with each net of this build, in the order of `cnn list`: those of papers, then torchvision's.
        ///
        /// ```
        /// use cnn::Network;
        /// use models::About;
        ///
        /// struct Oldest(u16);
        ///
        /// impl models::Visitor for Oldest {
        ///     fn net<N: Network + About>(&mut self, _name: &'static str) {
        ///         self.0 = self.0.min(N::YEAR);
        ///     }
        /// }
        ///
        /// let mut oldest = Oldest(2000);
        /// models::each(&mut oldest);
        /// assert_eq!(oldest.0, 1958);
        /// ```
        pub fn each(visitor: &mut impl Visitor) {
            $(
                visitor.$kind::<$net>($name);
                $(visitor.batch::<$batch>($name);)?
            )*
            $(
                #[cfg(feature = $feature)]
                {
                    $(
                        visitor.$its_kind::<$its_net>($its_name);
                        $(visitor.batch::<$its_batch>($its_name);)?
                    )*
                }
            )*
        }
    };
}

families! {
    {
        net crate::Perceptron = "perceptron";
        classifier crate::Mlp = "mlp";
        classifier crate::LeNet5 = "lenet5", batch crate::LeNet5Batch8;
    }
    "alexnet" {
        classifier crate::AlexNet = "alexnet", batch crate::AlexNetBatch8;
        classifier crate::AlexNetF16 = "alexnet-f16";
    }
    "vgg" {
        classifier crate::Vgg11 = "vgg11";
        classifier crate::Vgg11Lrn = "vgg11-lrn";
        classifier crate::Vgg13 = "vgg13";
        classifier crate::Vgg16 = "vgg16";
        classifier crate::Vgg19 = "vgg19";
    }
    "inception" {
        classifier crate::InceptionV1 = "inception-v1";
    }
    "resnet" {
        classifier crate::ResNet18 = "resnet18";
        classifier crate::ResNet34 = "resnet34";
        classifier crate::ResNet50 = "resnet50", batch crate::ResNet50Batch8;
        classifier crate::ResNet101 = "resnet101";
        classifier crate::ResNet152 = "resnet152";
    }
    "unet" {
        net crate::UNet = "unet";
    }
    "espcn" {
        net crate::Espcn = "espcn";
    }
    "siamese" {
        net crate::Siamese = "siamese";
    }
    "yolo" {
        detector crate::YoloV5n = "yolov5n";
    }
    "tiny" {
        classifier crate::tiny::ResNet8 = "tiny-resnet8";
        net crate::tiny::DsCnn = "tiny-ds-cnn";
        classifier crate::tiny::MobileNetV1 = "tiny-mobilenet-v1";
        net crate::tiny::Autoencoder = "tiny-autoencoder";
    }
    "alexnet" {
        classifier crate::torchvision::AlexNet = "torchvision-alexnet";
    }
    "vgg" {
        classifier crate::torchvision::Vgg11 = "torchvision-vgg11";
        classifier crate::torchvision::Vgg13 = "torchvision-vgg13";
        classifier crate::torchvision::Vgg16 = "torchvision-vgg16";
        classifier crate::torchvision::Vgg19 = "torchvision-vgg19";
    }
    "inception" {
        classifier crate::torchvision::GoogLeNet = "torchvision-googlenet";
        classifier crate::torchvision::InceptionV3 = "torchvision-inception_v3";
    }
    "resnet" {
        classifier crate::torchvision::ResNet18 = "torchvision-resnet18";
        classifier crate::torchvision::ResNet34 = "torchvision-resnet34";
        classifier crate::torchvision::ResNet50 = "torchvision-resnet50";
        classifier crate::torchvision::ResNet101 = "torchvision-resnet101";
        classifier crate::torchvision::ResNet152 = "torchvision-resnet152";
        classifier crate::torchvision::ResNeXt50 = "torchvision-resnext50_32x4d";
    }
    "squeezenet" {
        classifier crate::torchvision::SqueezeNet1_0 = "torchvision-squeezenet1_0";
        classifier crate::torchvision::SqueezeNet1_1 = "torchvision-squeezenet1_1";
    }
    "mobilenet" {
        classifier crate::torchvision::MobileNetV2 = "torchvision-mobilenet_v2";
        classifier crate::torchvision::MobileNetV3Small = "torchvision-mobilenet_v3_small";
        classifier crate::torchvision::MobileNetV3Large = "torchvision-mobilenet_v3_large";
    }
    "densenet" {
        classifier crate::torchvision::DenseNet121 = "torchvision-densenet121";
        classifier crate::torchvision::DenseNet169 = "torchvision-densenet169";
    }
    "shufflenet" {
        classifier crate::torchvision::ShuffleNetV2 = "torchvision-shufflenet_v2_x1_0";
    }
    "efficientnet" {
        classifier crate::torchvision::EfficientNetB0 = "torchvision-efficientnet_b0";
    }
    "regnet" {
        classifier crate::torchvision::RegNetY400MF = "torchvision-regnet_y_400mf";
    }
    "convnext" {
        classifier crate::torchvision::ConvNeXtTiny = "torchvision-convnext_tiny";
    }
}

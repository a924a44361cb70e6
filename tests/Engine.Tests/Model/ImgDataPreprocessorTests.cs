using Compat.Engine.Model;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Model;

/// <summary>Expected numbers follow from MMEngine's formula; its stored runs are in <see cref="ImgDataPreprocessorGoldenTests"/>.</summary>
public sealed class ImgDataPreprocessorTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public static TheoryData<ImgDataPreprocessorOptions, string> Wrong => new()
    {
        {
            new() { BgrToRgb = true, RgbToBgr = true },
            "BgrToRgb and RgbToBgr are both true; each exchanges the first and the third channel. Set the one that says how images come.*"
        },
        { new() { Mean = [1] }, "Mean is set, but Std is not. Set both to normalise, or none.*" },
        { new() { Std = [1] }, "Std is set, but Mean is not. Set both to normalise, or none.*" },
        {
            new() { Mean = [1, 2], Std = [1, 2] },
            "Mean has 2 values; it must have 3, or 1 for all channels. Give one for each of red, green and blue, or one for grey images.*"
        },
        { new() { Mean = [1], Std = [] }, "Std has 0 values; it must have 3, or 1 for all channels.*" },
        { new() { PadSizeDivisor = 0 }, "PadSizeDivisor is 0; it must be at least 1. Use 1 to pad to the largest image of a batch only.*" },
    };

    public void Dispose() => scope.Dispose();

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Settings_that_do_not_fit_are_refused(ImgDataPreprocessorOptions options, string message)
    {
        Action act = () => _ = new ImgDataPreprocessor(options);

        act.Should().Throw<ArgumentException>().WithMessage(message);
    }

    [Fact]
    public void The_other_fields_of_a_batch_are_kept()
    {
        using ImgDataPreprocessor preprocessor = new();
        Tensor label = tensor(7L);

        NamedBatch result = (NamedBatch)preprocessor.Process(Named(("id", label), ("inputs", ones(1, 3, 2, 2, dtype: ScalarType.Byte))), training: true);

        result.Names.Should().Equal("id", "inputs");
        result["id"].Should().BeSameAs(label);
        result["inputs"].dtype.Should().Be(ScalarType.Float32);
    }

    [Fact]
    public void Samples_become_one_batch_whose_other_fields_are_stacked()
    {
        using ImgDataPreprocessor preprocessor = new(new() { PadSizeDivisor = 2, PadValue = 9 });
        SampleList<NamedBatch> list = new(Named(("inputs", ones(3, 2, 1)), ("label", tensor(4L))), Named(("inputs", zeros(3, 1, 3)), ("label", tensor(5L))));

        NamedBatch result = (NamedBatch)preprocessor.Process(list, training: false);

        result["inputs"].shape.Should().Equal(2, 3, 2, 4);
        result["inputs"][0, 0].flatten().data<float>().ToArray().Should().Equal(1, 9, 9, 9, 1, 9, 9, 9);
        result["inputs"][1, 2].flatten().data<float>().ToArray().Should().Equal(0, 0, 0, 9, 9, 9, 9, 9);
        result["label"].data<long>().ToArray().Should().Equal(4, 5);
    }

    [Fact]
    public void A_field_that_cannot_be_stacked_is_named()
    {
        using ImgDataPreprocessor preprocessor = new();
        SampleList<NamedBatch> list = new(Named(("inputs", ones(3, 2, 2)), ("boxes", zeros(1, 4))), Named(("inputs", ones(3, 2, 2)), ("boxes", zeros(2, 4))));

        preprocessor.Invoking(one => one.Process(list, training: true)).Should().Throw<ArgumentException>().WithMessage(
            "The samples' field 'boxes' has shape [1, 4] in the first one and [2, 4] in another, so it cannot be stacked. Use ImgDataPreprocessor<SampleList<NamedBatch>>, "
            + "whose 'with' says what becomes of it.");
    }

    [Fact]
    public void A_record_of_ones_own_says_where_its_images_are()
    {
        using ImgDataPreprocessor<Picture> preprocessor = new(
            picture => picture.Image, (picture, images) => picture with { Image = images }, new() { Mean = [1, 2, 3], Std = [2], BgrToRgb = true });
        Picture picture = new(tensor(new float[] { 9, 8, 7 }).reshape(1, 3, 1, 1), tensor(1L)) { Note = "kept" };

        Picture result = (Picture)preprocessor.Process(picture, training: true);

        result.Image.data<float>().ToArray().Should().Equal(3, 3, 3);
        (result.Note, result.Label).Should().Be(("kept", picture.Label));
    }

    [Fact]
    public void Samples_of_ones_own_become_a_batch_of_another_type()
    {
        using ImgDataPreprocessor<SampleList<Picture>> preprocessor = new(
            list => [.. list.Samples.Select(sample => sample.Image)],
            (list, images) => new Picture(images, stack(list.Samples.Select(sample => sample.Label))));
        SampleList<Picture> list = new(new Picture(ones(3, 1, 2), tensor(1L)), new Picture(ones(3, 2, 1), tensor(2L)));

        Picture result = (Picture)preprocessor.Process(list, training: false);

        result.Image.shape.Should().Equal(2, 3, 2, 2);
        result.Label.data<long>().ToArray().Should().Equal(1, 2);
    }

    [Fact]
    public void A_batch_of_another_type_is_refused()
    {
        using ImgDataPreprocessor ready = new();
        using ImgDataPreprocessor<Picture> own = new(picture => picture.Image, (picture, images) => picture with { Image = images });
        ScoreBatch other = new(ones(1));

        ready.Invoking(one => one.Process(other, training: true)).Should().Throw<ArgumentException>().WithMessage(
            "ImgDataPreprocessor prepares a NamedBatch, or a SampleList of them, with images under 'inputs'; the batch is a ScoreBatch. Use "
            + "ImgDataPreprocessor<ScoreBatch>, which is told where the images are.*");
        own.Invoking(one => one.Process(other, training: true)).Should().Throw<ArgumentException>().WithMessage(
            "The preprocessor prepares batches of type Picture, but the loader gave ScoreBatch. Let the dataset return Picture, or make the preprocessor for ScoreBatch.*");
        ready.Invoking(one => one.Process(Named(("img", ones(1))), training: true)).Should().Throw<KeyNotFoundException>().WithMessage(
            "The batch has no field 'inputs'. Fields present: img.");
    }

    [Fact]
    public void Images_of_the_wrong_shape_are_refused_with_their_shape()
    {
        using ImgDataPreprocessor coloured = new(new() { Mean = [1, 1, 1], Std = [1, 1, 1] });
        using ImgDataPreprocessor plain = new();
        using ImgDataPreprocessor spread = new(new() { Mean = [1], Std = [1, 1, 1] });
        using ImgDataPreprocessor exchanging = new(new() { RgbToBgr = true });

        Refusal(coloured, Named(("inputs", ones(3, 2, 2)))).Should().StartWith(
            "The images are one tensor of shape [3, 2, 2]; it must be [N, C, H, W]. Give the images of a batch in one tensor of four dimensions, or as a list of tensors of "
            + "shape [C, H, W].");
        Refusal(coloured, List(ones(1, 2, 2))).Should().StartWith(
            "Mean has 3 values, but the images have shape [1, 2, 2]; it must be [3, H, W]. Give Mean and Std one value, or images of three channels.");
        Refusal(coloured, Named(("inputs", ones(1, 2, 2, 2)))).Should().StartWith(
            "Mean has 3 values, but the images have shape [1, 2, 2, 2]; it must be [N, 3, H, W]. Give Mean and Std one value, or images of three channels.");
        Refusal(spread, List(ones(2, 2, 2))).Should().StartWith("Std has 3 values, but the images have shape [2, 2, 2]; it must be [3, H, W].");
        Refusal(plain, List(ones(3, 2, 2), ones(1, 2, 2))).Should().StartWith(
            "The images of a batch have shapes [3, 2, 2] and [1, 2, 2]; only height and width may differ. Give images of shape [C, H, W] with equally many channels.");
        Refusal(exchanging, List(ones(2, 2, 2))).Should().StartWith(
            "BgrToRgb or RgbToBgr is set, but the images have shape [2, 2, 2], with 2 channels; to exchange them there must be 3. Set neither for grey images.");
        Refusal(plain, List(ones(2, 2), ones(2))).Should().StartWith("The images of a batch have shapes [2, 2] and [2]; only height and width may differ.");
        Refusal(plain, List()).Should().StartWith("The list of images is empty; it must have at least one.");
    }

    // Recorded from MMEngine: ImgDataPreprocessor(bgr_to_rgb=True, pad_size_divisor=2) on four channels 1, 2, 3, 4.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Of_four_channels_the_fourth_is_left_out_when_they_are_exchanged(bool stacked)
    {
        using ImgDataPreprocessor preprocessor = new(new() { BgrToRgb = true, PadSizeDivisor = 2, Mean = [0, 0, 0], Std = [1, 1, 1] });
        Tensor image = tensor(new float[] { 1, 2, 3, 4 }).reshape(4, 1, 1);

        NamedBatch result = (NamedBatch)preprocessor.Process(stacked ? Named(("inputs", image.unsqueeze(0))) : List(image), training: true);

        result["inputs"].shape.Should().Equal(1, 3, 2, 2);
        result["inputs"].flatten().data<float>().ToArray().Should().Equal(3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0);
    }

    // Recorded from MMEngine, which broadcasts in a stacked batch and refuses in a list.
    [Fact]
    public void A_stacked_grey_image_becomes_one_of_three_channels_if_there_are_three_means()
    {
        using ImgDataPreprocessor preprocessor = new(new() { Mean = [1, 2, 3], Std = [1, 1, 1], PadSizeDivisor = 2 });

        NamedBatch result = (NamedBatch)preprocessor.Process(Named(("inputs", ones(1, 1, 1, 2))), training: true);

        result["inputs"].flatten().data<float>().ToArray().Should().Equal(0, 0, 0, 0, -1, -1, 0, 0, -2, -2, 0, 0);
    }

    // Recorded from MMEngine.
    [Fact]
    public void A_grey_image_of_a_list_becomes_one_of_three_channels_if_only_the_deviations_are_three()
    {
        using ImgDataPreprocessor preprocessor = new(new() { Mean = [1], Std = [1, 2, 4] });

        NamedBatch result = (NamedBatch)preprocessor.Process(List(ones(1, 1, 1) * 5), training: true);

        result["inputs"].shape.Should().Equal(1, 3, 1, 1);
        result["inputs"].flatten().data<float>().ToArray().Should().Equal(4, 2, 1);
    }

    [Fact]
    public void Preparing_leaves_nothing_behind_and_frees_its_own_tensors()
    {
        using Tensor image = ones([2, 3, 5, 5], ScalarType.Byte);
        using NamedBatch batch = Named(("inputs", image));
        long before = LiveTensors.Settled();
        ImgDataPreprocessor preprocessor = new(new() { Mean = [1], Std = [2], BgrToRgb = true, PadSizeDivisor = 4 });
        DataBatch result = preprocessor.Process(batch, training: true);

        Tensor.TotalCount.Should().Be(before + 3, "mean, std and the result");
        result.Tensors[0].Dispose();
        preprocessor.Dispose();
        Tensor.TotalCount.Should().Be(before);
    }

    [Fact]
    public void Images_that_need_nothing_are_not_copied()
    {
        using ImgDataPreprocessor preprocessor = new();
        Tensor images = ones(2, 3, 4, 4);

        ((NamedBatch)preprocessor.Process(Named(("inputs", images)), training: true))["inputs"].Should().BeSameAs(images);
        images.IsInvalid.Should().BeFalse();
    }

    [Fact]
    public void Images_that_need_nothing_stay_in_the_scope_of_who_made_them()
    {
        using ImgDataPreprocessor preprocessor = new();
        using Tensor images = ones(2, 3, 4, 4).DetachFromDisposeScope();
        using (NewDisposeScope())
        {
            preprocessor.Process(Named(("inputs", images)), training: true);
        }

        images.IsInvalid.Should().BeFalse();
    }

    [Fact]
    public void Mean_and_deviation_go_where_the_images_go()
    {
        using ImgDataPreprocessor preprocessor = new(new() { Mean = [1, 2, 3], Std = [2] });
        preprocessor.To(META);

        Tensor images = preprocessor.Process(Named(("inputs", ones(2, 3, 4, 4))), training: true).Tensors[0];

        preprocessor.Device!.type.Should().Be(DeviceType.META);
        images.device_type.Should().Be(DeviceType.META);
    }

    [CudaFact]
    [Trait("Category", "Cuda")]
    public void Images_are_prepared_on_the_device_of_the_model()
    {
        using ImgDataPreprocessor preprocessor = new(new() { Mean = [1, 2, 3], Std = [2], BgrToRgb = true, NonBlocking = true, PadSizeDivisor = 2 });
        preprocessor.To(CUDA);

        Tensor images = preprocessor.Process(List(ones(3, 1, 1, dtype: ScalarType.Byte)), training: true).Tensors[0];

        images.device_type.Should().Be(DeviceType.CUDA);
        images.cpu()[0, 1, 0, 0].item<float>().Should().Be(-0.5f);
    }

    private static NamedBatch Named(params (string Name, Tensor Value)[] fields) => new(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));

    private static SampleList<NamedBatch> List(params Tensor[] images) => new([.. images.Select(image => Named(("inputs", image)))]);

    private static string Refusal(ImgDataPreprocessor preprocessor, DataBatch batch) =>
        preprocessor.Invoking(one => one.Process(batch, training: true)).Should().Throw<ArgumentException>().Which.Message;
}

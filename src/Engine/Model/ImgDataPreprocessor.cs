using Compat.Torch;
using Compat.Torch.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Model;

/// <summary>Makes the input of a network from images: exchanges channels, normalises, pads and stacks.</summary>
/// <remarks>
/// <para>This one is ready for batches with a field <c>inputs</c>: a <see cref="NamedBatch"/> whose <c>inputs</c> is one tensor of shape [N, C, H, W], or a
/// <see cref="SampleList{TSample}"/> of them (the loader's <see cref="PseudoCollate"/>) whose <c>inputs</c> have shapes [C, H, W]; the other fields of such samples
/// are stacked as they are. For other batches there is <see cref="ImgDataPreprocessor{TBatch}"/>.</para>
/// <para>A pixel becomes <c>(float(pixel) − mean) / std</c>. Images get the size of the largest one of their batch, made a multiple of the divisor. Augmentation is
/// for derived classes, which override <see cref="Process"/>. Source: MMEngine <c>ImgDataPreprocessor</c>.</para>
/// </remarks>
/// <example><code>
/// new ImgDataPreprocessor(new() { Mean = [123.675, 116.28, 103.53], Std = [58.395, 57.12, 57.375], BgrToRgb = true, PadSizeDivisor = 32 })
/// </code></example>
public class ImgDataPreprocessor : BaseDataPreprocessor
{
    private const string Field = "inputs";

    private readonly ImgDataPreprocessorOptions options;
    private readonly StateTensor? mean;
    private readonly StateTensor? std;

    /// <summary>Makes a preprocessor.</summary>
    /// <param name="options">The settings; <see langword="null"/>, the default, to convert to float, pad and stack only.</param>
    /// <exception cref="ArgumentException">Settings are out of range, or do not fit together.</exception>
    public ImgDataPreprocessor(ImgDataPreprocessorOptions? options = null)
        : base(options?.NonBlocking ?? false)
    {
        this.options = options ?? new();
        if (this.options.Wrong() is { } wrong)
        {
            throw new ArgumentException(wrong, nameof(options));
        }

        mean = PerChannel(this.options.Mean);
        std = PerChannel(this.options.Std);
    }

    /// <inheritdoc/>
    public override void To(Device device)
    {
        base.To(device);
        mean?.To(device);
        std?.To(device);
    }

    /// <summary>Prepares a batch.</summary>
    /// <param name="data">The batch as it came from the loader. Borrowed.</param>
    /// <param name="training">Whether this is a training step; it makes no difference here.</param>
    /// <returns>The batch with the new images, all in one tensor of type float32.</returns>
    /// <exception cref="ArgumentException">The batch is of another type, or its images do not have the right shapes.</exception>
    public override DataBatch Process(DataBatch data, bool training) => CastData(data) switch
    {
        NamedBatch batch => With(batch, Prepare(batch[Field])),
        SampleList<NamedBatch> list => Stacked(list.Samples),
        DataBatch other => throw new ArgumentException(
            $"ImgDataPreprocessor prepares a NamedBatch, or a SampleList of them, with images under 'inputs'; the batch is a {other.GetType().Name}. Use "
            + $"ImgDataPreprocessor<{other.GetType().Name}>, which is told where the images are.",
            nameof(data)),
    };

    /// <summary>Prepares images of one size.</summary>
    /// <param name="images">The images, of shape [N, C, H, W] and any type. Borrowed.</param>
    /// <returns>The images, of type float32; fresh, unless there was nothing to do.</returns>
    /// <exception cref="ArgumentException">The tensor has other than four dimensions, or too few channels to exchange.</exception>
    protected Tensor Prepare(Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (images.dim() != 4)
        {
            throw new ArgumentException(
                $"The images are one tensor of shape {Shape(images)}; it must be [N, C, H, W]. Give the images of a batch in one tensor of four dimensions, or as a list "
                + "of tensors of shape [C, H, W].",
                nameof(images));
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor normalized = Normalized(images, channels: 1);
        long[] size = [.. normalized.shape[..2], Padded(images.shape[2]), Padded(images.shape[3])];
        Tensor result = StackedImages.Pad(normalized, size, options.PadValue);
        return ReferenceEquals(result, images) ? result : result.MoveToOuterDisposeScope();
    }

    /// <summary>Prepares images of different sizes.</summary>
    /// <param name="images">The images, at least one, each of shape [C, H, W] and any type. Borrowed.</param>
    /// <returns>The images in one tensor of type float32; fresh.</returns>
    /// <exception cref="ArgumentException">There is no image, or their shapes do not fit to one another or to the settings.</exception>
    protected Tensor Prepare(IReadOnlyList<Tensor> images)
    {
        ArgumentNullException.ThrowIfNull(images);
        StackedImages.CheckAlike(images, image => image.dim());
        using DisposeScope scope = NewDisposeScope();
        Tensor[] normalized = [.. images.Select(image => Normalized(image, channels: 0))];
        return StackedImages.Of(normalized, options.PadSizeDivisor, options.PadValue).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            mean?.Dispose();
            std?.Dispose();
        }

        base.Dispose(disposing);
    }

    private static StateTensor? PerChannel(IReadOnlyList<double>? values)
    {
        if (values is null)
        {
            return null;
        }

        using Tensor column = tensor(values.Select(value => (float)value).ToArray(), [values.Count, 1, 1]);
        return new StateTensor(column);
    }

    private static string Shape(Tensor tensor) => StackedImages.Shape(tensor);

    private static DataBatch With(NamedBatch batch, Tensor images) =>
        batch.With([.. batch.Names.Select(name => name == Field ? images : batch[name])]);

    private static Tensor Column(string name, IReadOnlyList<NamedBatch> samples)
    {
        Tensor[] column = [.. samples.Select(sample => sample[name])];
        Tensor? other = Array.Find(column, tensor => !tensor.shape.SequenceEqual(column[0].shape));
        return other is null
            ? stack(column)
            : throw new ArgumentException(
                $"The samples' field '{name}' has shape {Shape(column[0])} in the first one and {Shape(other)} in another, so it cannot be stacked. Use "
                + "ImgDataPreprocessor<SampleList<NamedBatch>>, whose 'with' says what becomes of it.");
    }

    private NamedBatch Stacked(IReadOnlyList<NamedBatch> samples)
    {
        Tensor images = Prepare([.. samples.Select(sample => sample[Field])]);
        return new NamedBatch(samples[0].Names.Select(name => KeyValuePair.Create(name, name == Field ? images : Column(name, samples))));
    }

    private long Padded(long length) => StackedImages.Padded(length, options.PadSizeDivisor);

    private Tensor Normalized(Tensor image, int channels)
    {
        Tensor exchanged = options.ExchangesChannels ? Exchanged(image, channels) : image;
        CheckChannels(exchanged, channels);
        Tensor pixels = exchanged.dtype == ScalarType.Float32 ? exchanged : exchanged.to(ScalarType.Float32);
        return mean is null ? pixels : (pixels - mean.Value) / std!.Value;
    }

    // As MMEngine's [2, 1, 0]: a fourth channel is left out.
    private static Tensor Exchanged(Tensor image, int channels) => image.shape[channels] >= 3
        ? image.narrow(channels, 0, 3).flip(channels)
        : throw new ArgumentException(
            $"BgrToRgb or RgbToBgr is set, but the images have shape {Shape(image)}, with {image.shape[channels]} channels; to exchange them there must be 3. Set "
            + "neither for grey images.");

    // One value serves all channels. As in MMEngine, an image of one channel becomes one of three, but for a list and three means.
    private void CheckChannels(Tensor image, int channels)
    {
        bool isList = channels == 0;
        long count = image.shape[channels];
        bool fits = new[] { options.Mean, options.Std }.All(values => values is not { Count: 3 } || count is 1 or 3);
        if (!fits || (isList && options.Mean is { Count: 3 } && (image.dim() != 3 || count != 3)))
        {
            throw new ArgumentException(
                $"{(options.Mean is { Count: 3 } ? "Mean" : "Std")} has 3 values, but the images have shape {Shape(image)}; it must be {(isList ? "[3, H, W]" : "[N, 3, H, W]")}. Give "
                + "Mean and Std one value, or images of three channels.",
                nameof(image));
        }
    }
}

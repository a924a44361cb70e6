using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Engine.Model;

/// <summary>Makes the input of a network from the images of one type of batch; see <see cref="ImgDataPreprocessor"/>.</summary>
/// <typeparam name="TBatch">The record of tensors that the loader gives.</typeparam>
/// <example><code>
/// new ImgDataPreprocessor&lt;DigitsBatch&gt;(batch => batch.Image, (batch, images) => batch with { Image = images }, new() { Mean = [127.5], Std = [127.5] })
/// new ImgDataPreprocessor&lt;SampleList&lt;ImageSample&gt;&gt;(list => [.. list.Samples.Select(sample => sample.Image)], (list, images) => new Detection(images, list))
/// </code></example>
public class ImgDataPreprocessor<TBatch> : ImgDataPreprocessor
    where TBatch : DataBatch
{
    private readonly Func<TBatch, DataBatch> prepare;

    /// <summary>Makes a preprocessor for batches whose images have one size.</summary>
    /// <param name="images">Reads the images, of shape [N, C, H, W].</param>
    /// <param name="with">Makes the batch with the new images; it may be of another type.</param>
    /// <param name="options">The settings; <see langword="null"/>, the default, to convert to float and pad only.</param>
    /// <exception cref="ArgumentException">Settings are out of range, or do not fit together.</exception>
    public ImgDataPreprocessor(Func<TBatch, Tensor> images, Func<TBatch, Tensor, DataBatch> with, ImgDataPreprocessorOptions? options = null)
        : base(options)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(with);
        prepare = batch => with(batch, Prepare(images(batch)));
    }

    /// <summary>Makes a preprocessor for batches whose images have different sizes.</summary>
    /// <param name="images">Reads the images, each of shape [C, H, W].</param>
    /// <param name="with">Makes the batch with the new images, which are one tensor; it may be of another type.</param>
    /// <param name="options">The settings; <see langword="null"/>, the default, to convert to float, pad and stack only.</param>
    /// <exception cref="ArgumentException">Settings are out of range, or do not fit together.</exception>
    public ImgDataPreprocessor(Func<TBatch, IReadOnlyList<Tensor>> images, Func<TBatch, Tensor, DataBatch> with, ImgDataPreprocessorOptions? options = null)
        : base(options)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(with);
        prepare = batch => with(batch, Prepare(images(batch)));
    }

    /// <inheritdoc/>
    public override DataBatch Process(DataBatch data, bool training) => CastData(data) is TBatch batch
        ? prepare(batch)
        : throw new ArgumentException(
            $"The preprocessor prepares batches of type {typeof(TBatch).Name}, but the loader gave {data.GetType().Name}. Let the dataset return {typeof(TBatch).Name}, or "
            + $"make the preprocessor for {data.GetType().Name}.",
            nameof(data));
}

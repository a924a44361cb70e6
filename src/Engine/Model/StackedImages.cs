using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Model;

/// <summary>Makes one tensor of images of different sizes, for preprocessors of one's own.</summary>
/// <remarks>Source: MMEngine <c>stack_batch</c>.</remarks>
public static class StackedImages
{
    /// <summary>Pads images at the right and at the bottom to a common size, and stacks them.</summary>
    /// <param name="images">The images, at least one, for example each of shape [C, H, W]. The first dimension is never padded. Borrowed.</param>
    /// <param name="padSizeDivisor">What the size is a multiple of, at least 1. The default is 1: the size of the largest image.</param>
    /// <param name="padValue">What is padded with. The default is 0.</param>
    /// <returns>The images in one tensor; fresh.</returns>
    /// <exception cref="ArgumentException">There is no image, or the images differ in more than their size.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="padSizeDivisor"/> is below 1.</exception>
    public static Tensor Of(IReadOnlyList<Tensor> images, int padSizeDivisor = 1, double padValue = 0)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (images.Count == 0)
        {
            throw new ArgumentException("The list of images is empty; it must have at least one. Let the loader give batches of at least one sample.", nameof(images));
        }

        if (padSizeDivisor < 1)
        {
            throw new ArgumentOutOfRangeException(
                nameof(padSizeDivisor), padSizeDivisor, $"The divisor is {padSizeDivisor}; it must be at least 1. Use 1 to pad to the largest image only.");
        }

        CheckAlike(images, image => image.dim());
        CheckAlike(images, image => image.shape[0]);
        using DisposeScope scope = NewDisposeScope();
        long[] size = [.. images[0].shape.Select((length, dimension) => dimension == 0 ? length : Padded(images.Max(image => image.shape[dimension]), padSizeDivisor))];
        return stack(images.Select(image => Pad(image, size, padValue))).MoveToOuterDisposeScope();
    }

    /// <summary>Rounds a length up to a multiple.</summary>
    internal static long Padded(long length, int divisor) => (length + divisor - 1) / divisor * divisor;

    /// <summary>Pads an image; gives the image itself if there is nothing to pad.</summary>
    internal static Tensor Pad(Tensor image, long[] size, double value)
    {
        // At the right of each dimension; torch counts them from the last one.
        long[] pads = [.. image.shape.Zip(size, (length, whole) => whole - length).Reverse().SelectMany(pad => (long[])[0, pad])];
        return pads.All(pad => pad == 0) ? image : nn.functional.pad(image, pads, PaddingModes.Constant, value);
    }

    /// <summary>Refuses images that differ in something that must be the same.</summary>
    internal static void CheckAlike(IReadOnlyList<Tensor> images, Func<Tensor, long> what)
    {
        if (images.FirstOrDefault(image => image.dim() == 0 || what(image) != what(images[0])) is { } other)
        {
            throw new ArgumentException(
                $"The images of a batch have shapes {Shape(images[0])} and {Shape(other)}; only height and width may differ. Give images of shape [C, H, W] with equally "
                + "many channels.",
                nameof(images));
        }
    }

    /// <summary>Writes a shape as people do.</summary>
    internal static string Shape(Tensor tensor) => $"[{string.Join(", ", tensor.shape)}]";
}

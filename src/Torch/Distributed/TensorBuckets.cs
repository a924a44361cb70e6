using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Distributed;

/// <summary>Averages tensors over processes, many small ones in one flat bucket.</summary>
public static class TensorBuckets
{
    private const long BucketBytes = 4 << 20;

    /// <summary>Replaces each tensor by its mean over the processes: divides by their number, then adds up, as PyTorch does with gradients.</summary>
    /// <param name="gradients">The tensors, of floating point numbers, with the same shapes and types in the same order everywhere. Borrowed; changed in place.</param>
    /// <param name="collectives">The processes.</param>
    /// <exception cref="NotSupportedException">A tensor is not of floating point numbers. None has changed.</exception>
    public static void Average(IReadOnlyList<Tensor> gradients, ICollectives collectives)
    {
        ArgumentNullException.ThrowIfNull(gradients);
        ArgumentNullException.ThrowIfNull(collectives);
        if (gradients.FirstOrDefault(tensor => !tensor.is_floating_point()) is { } odd)
        {
            throw new NotSupportedException(
                $"A tensor is of type {odd.dtype}; the mean over processes needs floating point numbers. Leave it out, or broadcast it from process 0. No tensor has changed.");
        }

        using IDisposable guard = no_grad();
        List<Tensor> bucket = [];
        long bytes = 0;
        foreach (Tensor gradient in gradients)
        {
            if (bucket.Count > 0 && (bytes >= BucketBytes || bucket[0].dtype != gradient.dtype || bucket[0].device != gradient.device))
            {
                AverageBucket(bucket, collectives);
                bucket.Clear();
                bytes = 0;
            }

            bucket.Add(gradient);
            bytes += gradient.numel() * gradient.ElementSize;
        }

        if (bucket.Count > 0)
        {
            AverageBucket(bucket, collectives);
        }
    }

    private static void AverageBucket(List<Tensor> bucket, ICollectives collectives)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor flat = cat([.. bucket.Select(gradient => gradient.reshape(-1))]);
        flat.div_(collectives.Rank.WorldSize);
        collectives.AllReduce(flat);
        long start = 0;
        foreach (Tensor gradient in bucket)
        {
            gradient.copy_(flat.narrow(0, start, gradient.numel()).reshape(gradient.shape));
            start += gradient.numel();
        }
    }
}

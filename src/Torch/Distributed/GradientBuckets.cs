using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Distributed;

/// <summary>Averages tensors over processes, many small ones in one flat bucket.</summary>
internal static class GradientBuckets
{
    private const long BucketBytes = 4 << 20;

    /// <summary>Divides by the number of processes, then adds up, as PyTorch does.</summary>
    public static void Average(IReadOnlyList<Tensor> gradients, ICollectives collectives)
    {
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

using static TorchSharp.torch;

namespace Compat.Torch.Data;

/// <summary>A batch that keeps its samples apart, for samples of different shapes; the model's data preprocessor pads and stacks them.</summary>
/// <typeparam name="TSample">The type of a sample.</typeparam>
/// <param name="Samples">The samples. The batch takes their tensors over.</param>
[HoldsTensors("owner: the iteration's dispose scope, or whoever enumerates the loader by hand")]
public sealed record SampleList<TSample>(params IReadOnlyList<TSample> Samples) : DataBatch
    where TSample : DataBatch
{
    /// <inheritdoc/>
    public override IReadOnlyList<Tensor> Tensors => [.. Samples.SelectMany(sample => sample.Tensors)];

    /// <inheritdoc/>
    public override DataBatch With(IReadOnlyList<Tensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        int[] sizes = [.. Samples.Select(sample => sample.Tensors.Count)];
        if (tensors.Count != sizes.Sum())
        {
            throw new ArgumentException($"The samples have {sizes.Sum()} tensors, but {tensors.Count} were given.", nameof(tensors));
        }

        int begin = 0;
        return this with
        {
            Samples = [.. Samples.Zip(sizes, (sample, size) =>
            {
                begin += size;
                return (TSample)sample.With([.. tensors.Skip(begin - size).Take(size)]);
            })],
        };
    }
}

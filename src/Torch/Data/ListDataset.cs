using static TorchSharp.torch;

namespace Compat.Torch.Data;

/// <summary>A dataset over samples that are in memory already.</summary>
/// <remarks>
/// It takes the samples over: they leave the dispose scope they were made in and live until <see cref="Dispose"/>. Reading gives new handles on the same
/// memory, nothing is copied; a loader's default collating copies when it stacks. Any thread may read.
/// </remarks>
/// <example><code>using ListDataset dataset = new(new DigitsBatch(image0, label0), new DigitsBatch(image1, label1));</code></example>
[HoldsTensors("owner: this dataset; freed by its Dispose")]
public sealed class ListDataset : Dataset, IDisposable
{
    private readonly DataBatch[] samples;
    private bool isDisposed;

    /// <summary>Makes a dataset.</summary>
    /// <param name="samples">The samples, in order. The dataset takes them over.</param>
    /// <exception cref="ArgumentException">A sample is null.</exception>
    public ListDataset(params IEnumerable<DataBatch> samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        this.samples = [.. samples];
        int missing = Array.IndexOf(this.samples, null);
        if (missing >= 0)
        {
            throw new ArgumentException($"Sample {missing} of {this.samples.Length} is null. Leave it out of the list.", nameof(samples));
        }

        foreach (Tensor tensor in this.samples.SelectMany(sample => sample.Tensors))
        {
            tensor.DetachFromDisposeScope();
        }
    }

    /// <inheritdoc/>
    public override int Count => samples.Length;

    /// <inheritdoc/>
    public override DataBatch this[int index]
    {
        get
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            DataBatch sample = samples[index];
            return sample.With([.. sample.Tensors.Select(tensor => tensor.alias())]);
        }
    }

    /// <summary>Frees the samples.</summary>
    public void Dispose()
    {
        isDisposed = true;
        foreach (DataBatch sample in samples)
        {
            sample.Dispose();
        }
    }
}

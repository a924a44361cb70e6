using Compat.Torch;
using Compat.Torch.Data;

namespace Compat.Benchmarks;

/// <summary>The same batch again and again, so that a loop's own cost is measured and not that of reading data.</summary>
[HoldsTensors("owner: this dataset; freed by its Dispose")]
internal sealed class BenchmarkDataset(BenchmarkModel model, int iterations) : Dataset, IDisposable
{
    private readonly (StateTensor Input, StateTensor Target) data = model.Data();

    public override int Count => iterations;

    // Aliases, since whoever takes the batch disposes it.
    public override DataBatch this[int index] => new BenchmarkBatch(data.Input.Value.alias(), data.Target.Value.alias());

    public BatchLoader Loader() => new(this, new BatchLoaderOptions { BatchSize = 1, Collate = samples => samples[0] });

    public void Dispose()
    {
        data.Input.Dispose();
        data.Target.Dispose();
    }
}

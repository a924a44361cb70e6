using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Data;

/// <summary>Reads the samples of one batch and puts them together. Any thread may call it.</summary>
internal sealed class BatchFetcher(Dataset dataset, Collate collate, bool pinMemory)
{
    /// <summary>Reads a batch.</summary>
    /// <returns>The batch; its tensors belong to no dispose scope.</returns>
    /// <exception cref="SampleException">The dataset or the collating failed.</exception>
    /// <exception cref="ObjectDisposedException">Nobody wants the batch any more.</exception>
    public DataBatch Fetch(IndexBatch indices, WorkerInfo worker, StopFlag stopped) => worker.ForBatch(indices.Number, () =>
    {
        using DisposeScope scope = NewDisposeScope();
        DataBatch batch = PutTogether(indices.Indices, Array.ConvertAll([.. indices.Indices], index => Read(index, stopped)));
        batch = pinMemory ? batch.With([.. batch.Tensors.Select(tensor => tensor.pin_memory())]) : batch;
        batch.Indices = indices.Indices;
        scope.Detach(batch.Tensors);
        return batch;
    });

    private DataBatch Read(int index, StopFlag stopped)
    {
        ObjectDisposedException.ThrowIf(stopped.IsSet, typeof(BatchLoader));
        try
        {
            return dataset[index];
        }
        catch (Exception exception)
        {
            throw SampleException.OfDataset(dataset, index, exception);
        }
    }

    private DataBatch PutTogether(IReadOnlyList<int> indices, DataBatch[] samples)
    {
        try
        {
            return collate(samples);
        }
        catch (Exception exception)
        {
            throw SampleException.OfCollate(dataset, indices, exception);
        }
    }
}

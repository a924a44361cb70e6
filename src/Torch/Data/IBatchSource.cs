namespace Compat.Torch.Data;

/// <summary>Turns indices into batches, in the order in which they are asked for. The training thread calls it.</summary>
internal interface IBatchSource : IDisposable
{
    /// <summary>Gets how many batches are to be asked for beyond the one that is taken next.</summary>
    int Ahead { get; }

    /// <summary>Asks for a batch.</summary>
    void Ask(IndexBatch indices);

    /// <summary>Takes the batch that was asked for first.</summary>
    /// <returns>The batch; its tensors belong to no dispose scope.</returns>
    /// <exception cref="SampleException">The dataset or the collating failed.</exception>
    /// <exception cref="ObjectDisposedException">The source was stopped.</exception>
    DataBatch Take();

    /// <summary>Lets a <see cref="Take"/> that waits, and every later one, fail. Any thread may call it.</summary>
    void Stop();
}

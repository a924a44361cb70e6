namespace Compat.Engine;

/// <summary>A point in a training, in numbers of what is complete.</summary>
/// <param name="Epoch">The finished epochs.</param>
/// <param name="Iter">The finished iterations.</param>
/// <param name="BatchIndex">The finished batches of the epoch in progress; 0 between epochs.</param>
public readonly record struct TrainingPosition(int Epoch, int Iter, int BatchIndex)
{
    /// <summary>Gets the position one iteration later.</summary>
    internal TrainingPosition AfterIter => this with { Iter = Iter + 1, BatchIndex = BatchIndex + 1 };

    /// <summary>Gets the position at the end of the epoch.</summary>
    internal TrainingPosition AfterEpoch => this with { Epoch = Epoch + 1, BatchIndex = 0 };
}

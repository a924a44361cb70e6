namespace Compat.Engine;

/// <summary>How far training has come. Only the training loop writes it.</summary>
/// <remarks>
/// All numbers count what is complete: hooks that run after an iteration still see the number of that iteration, hooks that run in a validation see
/// the number of finished epochs.
/// </remarks>
public sealed class TrainingProgress
{
    private TrainingPosition position;

    /// <summary>Gets the number of finished epochs.</summary>
    public int Epoch => position.Epoch;

    /// <summary>Gets the number of finished iterations.</summary>
    public int Iter => position.Iter;

    /// <summary>Gets the number of finished batches of the epoch in progress, which is the index of the next batch; 0 between epochs.</summary>
    public int BatchIndex => position.BatchIndex;

    /// <summary>Gets what comes next.</summary>
    public TrainingPhase Phase { get; internal set; }

    /// <summary>Gets or sets the position; whatever hooks were told to be over is over then.</summary>
    internal TrainingPosition Position
    {
        get => position;
        set
        {
            position = value;
            Reached = value;
        }
    }

    /// <summary>
    /// Gets or sets the position that a saved state has: while hooks run after an iteration or epoch, the one behind it, although they still see the old
    /// numbers.
    /// </summary>
    internal TrainingPosition Reached { get; set; }
}

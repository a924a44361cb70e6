namespace Compat.Engine;

/// <summary>How far training has come. Only the training loop writes it.</summary>
/// <remarks>
/// Both numbers count what is complete: hooks that run after an iteration still see the number of that iteration, hooks that run in a validation see
/// the number of finished epochs.
/// </remarks>
public sealed class TrainingProgress
{
    /// <summary>Gets the number of finished epochs.</summary>
    public int Epoch { get; internal set; }

    /// <summary>Gets the number of finished iterations.</summary>
    public int Iter { get; internal set; }
}

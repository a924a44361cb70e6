namespace Compat.Torch.Training;

/// <summary>One look at all parameters. Its answers come in when log values are read.</summary>
/// <param name="names">The names of the parameters, in order.</param>
/// <param name="finished">Called once, when all answers are in.</param>
internal sealed class ParameterLook(IReadOnlyList<string> names, Action<ParameterLook> finished) : IScalarSink
{
    private readonly int[] answers = new int[names.Count];
    private int missing = names.Count + 1;
    private int skipped;

    /// <summary>Gets how many iterations there were.</summary>
    public required int Iterations { get; init; }

    /// <summary>Gets how many updates were announced, whatever their rate.</summary>
    public required int Announced { get; init; }

    /// <summary>Gets how many of them had a rate above 0.</summary>
    public required int Updates { get; init; }

    /// <summary>Gets whether some parameter had a gradient.</summary>
    public required bool HasGradients { get; init; }

    /// <summary>Gets whether this is the end of the training.</summary>
    public required bool IsLast { get; init; }

    /// <summary>Gets whether an update was announced.</summary>
    public bool IsAnnounced => Announced > 0;

    /// <summary>Gets how many of the updates no loss scaler left out.</summary>
    public int Made => Math.Max(Updates - skipped, 0);

    /// <summary>Gets the slot of the number of updates that a loss scaler has left out; the parameters have the slots before it.</summary>
    public int SkippedSlot => answers.Length;

    /// <summary>Tells whether some parameter has a given answer.</summary>
    /// <param name="answer">One of <see cref="UpdateReach"/>.</param>
    /// <returns>Whether one has.</returns>
    public bool Any(int answer) => answers.Contains(answer);

    /// <summary>Gets the names of the parameters that have a given answer.</summary>
    /// <param name="answer">One of <see cref="UpdateReach"/>.</param>
    /// <returns>The names, in order.</returns>
    public string[] Names(int answer) => [.. names.Where((_, i) => answers[i] == answer)];

    /// <inheritdoc/>
    public void Resolve(int slot, double value)
    {
        if (slot == SkippedSlot)
        {
            skipped = (int)value;
        }
        else
        {
            answers[slot] = (int)value;
        }

        if (--missing == 0)
        {
            finished(this);
        }
    }
}

namespace Compat.Legacy;

/// <summary>One flow of a workflow: which mode, and how many epochs, or iterations, in a row.</summary>
/// <param name="Mode"><c>train</c>, <c>val</c>, or a mode that a derived runner adds.</param>
/// <param name="Epochs">The epochs in a row; iterations in a row with a runner that counts iterations.</param>
public readonly record struct WorkflowStep(string Mode, int Epochs)
{
    /// <summary>Makes a flow of a pair, as Python's <c>('train', 1)</c>.</summary>
    /// <param name="step">Mode and epochs.</param>
    public static implicit operator WorkflowStep((string Mode, int Epochs) step) => new(step.Mode, step.Epochs);

    /// <summary>Makes a flow of a pair.</summary>
    /// <param name="step">Mode and epochs.</param>
    /// <returns>The flow.</returns>
    public static WorkflowStep FromValueTuple((string Mode, int Epochs) step) => new(step.Mode, step.Epochs);

    /// <summary>Prints the flow as Python prints the pair.</summary>
    /// <returns>For example <c>('train', 1)</c>.</returns>
    public override string ToString() => $"('{Mode}', {Epochs})";
}

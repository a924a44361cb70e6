using System.Globalization;

namespace Compat.Adapters.Equivalence;

/// <summary>What is looked at in an iteration. The names below are those that <see cref="TraceRecorder"/> writes; others can be added.</summary>
/// <param name="Name">The name, as in files: lower case, words joined by underscores.</param>
public sealed record Observation(string Name)
{
    /// <summary>Gets which samples the batch has.</summary>
    public static Observation Batch { get; } = new("batch");

    /// <summary>Gets the learning rates of the update: one for each parameter group of each optimizer.</summary>
    public static Observation LearningRate { get; } = new("learning_rate");

    /// <summary>Gets the momenta of the update, or the first betas: one for each parameter group that has one.</summary>
    public static Observation Momentum { get; } = new("momentum");

    /// <summary>Gets the loss that was trained on. A GAN, whose networks have a loss each, has no such stage.</summary>
    public static Observation Loss { get; } = new("loss");

    /// <summary>Gets the log values of the iteration alone, not averaged.</summary>
    public static Observation LogValues { get; } = new("log_values");

    /// <summary>Gets the gradients of an optimizer when they are complete: unscaled, not clipped yet.</summary>
    public static Observation Gradients { get; } = new("gradients");

    /// <summary>Gets the gradients of an optimizer as the update sees them.</summary>
    public static Observation ClippedGradients { get; } = new("clipped_gradients");

    /// <summary>Gets the parameters after the update.</summary>
    public static Observation Weights { get; } = new("weights");

    /// <summary>Gets the buffers after the iteration.</summary>
    public static Observation Buffers { get; } = new("buffers");

    /// <summary>Gets the name in words, for example <c>log values</c>.</summary>
    public string Words => Name.Replace('_', ' ');

    /// <summary>Names the same thing when it is seen several times in one iteration, as with two optimizers.</summary>
    /// <param name="time">Which time it is, from 1.</param>
    /// <returns>This one the first time; the second time for example <c>gradients_2</c>.</returns>
    public Observation At(int time) => time == 1 ? this : new(FormattableString.Invariant($"{Name}_{time}"));

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>Tells whether this is another thing seen for the first, second, … time: itself, or what <see cref="At"/> gives of it.</summary>
    internal bool IsTimeOf(Observation other) => Name == other.Name
        || (Name.StartsWith($"{other.Name}_", StringComparison.Ordinal) && int.TryParse(Name.AsSpan(other.Name.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _));
}

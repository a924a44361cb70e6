namespace Compat.Adapters.Models;

/// <summary>An entry of what a legacy training step returns that its loss consists of.</summary>
/// <param name="Name">The name, in <c>StepOutputs.Extras</c> or <c>LogVars</c>; it contains <c>loss</c>, or the engine does not train on it.</param>
/// <param name="Reduction">How the model makes one number of it; the same for an entry that is one number already.</param>
/// <example><code>model.AsEngine([("loss1", LossReduction.Sum), ("loss2", LossReduction.Sum)])</code></example>
public readonly record struct LossTerm(string Name, LossReduction Reduction)
{
    /// <summary>Makes a term of a pair.</summary>
    /// <param name="term">Name and reduction.</param>
    public static implicit operator LossTerm((string Name, LossReduction Reduction) term) => new(term.Name, term.Reduction);

    /// <summary>Makes a term of a pair.</summary>
    /// <param name="term">Name and reduction.</param>
    /// <returns>The term.</returns>
    public static LossTerm FromValueTuple((string Name, LossReduction Reduction) term) => new(term.Name, term.Reduction);
}

using Compat.Adapters.Optim;

namespace Compat.Adapters.Runners;

/// <summary>How an old runner is trained on the engine.</summary>
public sealed record AsEngineOptions
{
    /// <summary>Gets what becomes of the hook that updates the weights.</summary>
    /// <value>The default is <see cref="Optimization.Automatic"/>: translated where that is exact, else kept.</value>
    public Optimization Optimization { get; init; } = Optimization.Automatic;

    /// <summary>Gets the numbers of the changes that are accepted, for example <c>COMPAT0203</c>. A change that is not listed stops.</summary>
    /// <value>The default is none.</value>
    public IReadOnlyList<string> AcceptedChanges { get; init; } = [];

    /// <summary>Gets whether the call comes from the runner's own override of <c>RunIterations</c>, which is honoured then.</summary>
    /// <value>
    /// The default is <see langword="false"/>: an override of <c>RunIterations</c> would be passed by, and is refused. With <see langword="true"/>, each call
    /// makes a new runner of the engine, as each call of <c>Run</c> is a run of its own.
    /// </value>
    public bool IsCalledByRunIterations { get; init; }
}

using Compat.Engine.Hooks;
using Compat.Engine.Logging;
using Compat.Torch.Distributed;
using Compat.Torch.Training;
using Microsoft.Extensions.Logging;

namespace Compat.Engine.Optim;

/// <summary>What a runner hands over to the wrapper that it trains with.</summary>
/// <remarks>More of it later is one more property, so wrappers of users go on compiling.</remarks>
public sealed record OptimWrapperContext
{
    /// <summary>Gets the hub that gets the norm of clipped gradients.</summary>
    public required MessageHub MessageHub { get; init; }

    /// <summary>Gets where warnings go.</summary>
    public required ILogger Logger { get; init; }

    /// <summary>Gets what processes that train together do together.</summary>
    /// <value>The default is <see cref="SingleProcess"/>.</value>
    public ICollectives Collectives { get; init; } = SingleProcess.Instance;

    /// <summary>Gets what averages gradients over the processes that train together.</summary>
    /// <value>The default is <see langword="null"/>: one process trains alone.</value>
    public ModelReplica? Replica { get; init; }

    /// <summary>Gets who wants to see the gradients before and after they are clipped.</summary>
    /// <value>The default is a probe that nobody listens to.</value>
    public IterationProbe Probe { get; init; } = new();

    /// <summary>Gets the hooks of the run, for a wrapper that leaves the update to one of them.</summary>
    /// <value>The default is <see langword="null"/>: there is no runner.</value>
    public HookList? Hooks { get; init; }
}

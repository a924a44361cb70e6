using Compat.Torch.Distributed;
using Microsoft.Extensions.Logging;

namespace Compat.Engine.Model;

/// <summary>What a runner knows when it wraps its model.</summary>
/// <param name="Collectives">What the training processes do together.</param>
/// <param name="Logger">Where log lines go.</param>
public sealed record ModelWrapperContext(ICollectives Collectives, ILogger Logger);

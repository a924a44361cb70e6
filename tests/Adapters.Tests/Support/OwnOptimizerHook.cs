using Compat.Legacy;

namespace Compat.Adapters.Tests.Support;

/// <summary>A derived optimizer hook, which is never translated.</summary>
public sealed class OwnOptimizerHook(OptimizerConfig? config = null) : OptimizerHook(config);

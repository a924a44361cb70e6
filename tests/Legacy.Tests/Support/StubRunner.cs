using Compat.Legacy.Runners;
using Compat.TestSupport;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Support;

/// <summary>A runner that runs nothing: the test sets where it stands.</summary>
public sealed class StubRunner(nn.Module model, RunnerOptions options, RunnerState? state = null) : BaseRunner(model, options, state ?? new RunnerState())
{
    public StubRunner(RunnerOptions? options = null)
        : this(new StepModel(), options ?? new() { Logger = new ListLogger() })
    {
    }

    public RunnerState Now => State;
}

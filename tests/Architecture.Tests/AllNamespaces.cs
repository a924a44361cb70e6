// Compiling this file is the test: all our namespaces beside TorchSharp's (decision 4). NamespaceTests checks that none is missing.
#pragma warning disable IDE0005 // Using directives are what this file is for.
using Compat.Adapters.Diagnostics;
using Compat.Adapters.Equivalence;
using Compat.Adapters.Hooks;
using Compat.Adapters.Models;
using Compat.Adapters.Runners;
using Compat.Engine;
using Compat.Engine.Data;
using Compat.Engine.Evaluation;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Logging;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Engine.Runtime;
using Compat.Engine.Schedulers;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.Torch;
using Compat.Torch.Amp;
using Compat.Torch.Data;
using Compat.Torch.Distributed;
using Compat.Torch.Logging;
using Compat.Torch.Native;
using Compat.Torch.Optim;
using Compat.Torch.Randomness;
using Compat.Torch.Serialization;
using Compat.Torch.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
#pragma warning restore IDE0005

namespace Compat.Architecture.Tests;

/// <summary>Uses a type of each library and of TorchSharp where all names meet.</summary>
internal sealed class AllNamespaces : BaseModel<NamedBatch>
{
    private readonly Linear linear = nn.Linear(1, 1);

    public AllNamespaces() => RegisterComponents();

    public static HookPriority Priority => HookPriority.Normal;

    public static Sampler Order(Compat.Torch.Data.Dataset data) => new DefaultSampler(data);

    public static FusedSgdOptions Options => new() { Lr = 0.1 };

    protected override LossDict Loss(NamedBatch batch) => new() { ["loss"] = linear.forward(batch["x"]) };
}

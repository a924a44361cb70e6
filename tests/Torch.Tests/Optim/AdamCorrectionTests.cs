using Compat.TestSupport;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Optim;

/// <summary>
/// The first steps of Adam, where the corrections <c>1 - beta^t</c> are small differences. As list operations they are computed on the device, in float32: from the power
/// itself, 0.999 has an error of 3e-8, and <c>1 - 0.999</c> one of 3e-5. PyTorch 1.13 has them from the host, in double precision.
/// </summary>
public sealed class AdamCorrectionTests
{
    private const string Train = """
        import sys, torch
        torch.manual_seed(int(sys.argv[2]))
        start = torch.randn(40)
        grads = [torch.randn(40) * 10 ** torch.empty(40).uniform_(-3, 1) for _ in range(20)]
        runs = {}
        for name in ['Adam', 'AdamW']:
            for foreach in [False, True]:
                weight = torch.nn.Parameter(start.clone())
                optimizer = getattr(torch.optim, name)([weight], lr=0.03, weight_decay=0.2, amsgrad=False, foreach=foreach)
                rows = []
                for grad in grads:
                    weight.grad = grad.clone()
                    optimizer.step()
                    rows.append(weight.detach().clone())
                runs[f'{name} {foreach}'] = rows
        torch.save(dict(start=start, grads=grads, runs=runs), sys.argv[1])
        """;

    [PythonFact]
    public void All_ways_of_computing_stay_with_both_of_PyTorch_at_every_step_and_every_seed()
    {
        using TemporaryFolder folder = new();
        for (int seed = 0; seed < 5; seed++)
        {
            PythonFactAttribute.Run(Train, folder.File("run.pth"), $"{seed}");
            using DisposeScope scope = NewDisposeScope();
            using PthFile file = PthFile.Read(folder.File("run.pth"));
            PthDict root = (PthDict)file.Root;
            foreach ((PthValue name, PthValue rows) in (PthDict)root["runs"])
            {
                foreach (Implementation way in new[] { Implementation.Fused, Implementation.Foreach, Implementation.PerParameter })
                {
                    Follow(((PthText)name).Value, way, TensorOf(root["start"]), TensorsOf(root["grads"]), TensorsOf(rows), seed);
                }
            }
        }
    }

    /// <summary>With beta = 0 there is nothing to correct.</summary>
    [Fact]
    public void A_decay_of_0_is_no_decay_in_every_way()
    {
        foreach (Implementation way in new[] { Implementation.Fused, Implementation.Foreach, Implementation.PerParameter })
        {
            using DisposeScope scope = NewDisposeScope();
            Parameter weight = new(ones(1));
            using FusedAdam adam = new([weight], new() { Lr = 0.5, Beta1 = 0, Beta2 = 0, Eps = 0 }, way);
            weight.grad = full_like(weight, -3);

            adam.step();

            weight.ToArray().Should().Equal([1.5f], $"{way} moves by lr, whatever the gradient is");
        }
    }

    private static void Follow(string name, Implementation way, Tensor start, Tensor[] gradients, Tensor[] rows, int seed)
    {
        Parameter weight = new(start.clone());
        FusedOptimizerOptions options = name.StartsWith("AdamW", StringComparison.Ordinal)
            ? new FusedAdamWOptions { Lr = 0.03, WeightDecay = 0.2 }
            : new FusedAdamOptions { Lr = 0.03, WeightDecay = 0.2 };
        using FusedOptimizer optimizer = options.Build([new ParameterGroup([weight])], way);
        foreach ((int step, (Tensor gradient, Tensor expected)) in gradients.Zip(rows).Index())
        {
            weight.grad = gradient.clone();
            optimizer.step();

            // Tighter than GoldenTolerance, so that hundreds of steps stay within it.
            float[] theirs = expected.ToArray();
            weight.ToArray().Zip(theirs, (own, their) => Math.Abs(own - their)).Max()
                .Should().BeLessThan(5e-7f, $"{name} against {way} after step {step + 1} with seed {seed}");
        }
    }

    private static Tensor TensorOf(PthValue value) => ((PthTensor)value).Value;

    private static Tensor[] TensorsOf(PthValue list) => [.. ((PthSequence)list).Items.Select(TensorOf)];
}

using Compat.TestSupport;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Optim;

/// <summary>Random states that the real PyTorch saved: whatever its optimizers can come to is taken.</summary>
public sealed class OptimizerPythonStateTests
{
    private const int PerKind = 40;

    private const string Save = """
        import random, sys, torch
        random.seed(11)
        torch.manual_seed(11)
        def options(kind):
            flip = lambda: random.random() < 0.5
            own = dict(lr=random.choice([0.0, 1e-4, 0.3, 2.0]), weight_decay=random.choice([0.0, 0.1]))
            own['maximize'] = flip()
            if kind == 'SGD':
                own['momentum'] = random.choice([0.0, 0.5, 1.5])
                own['nesterov'] = own['momentum'] > 0 and flip()
                own['dampening'] = 0.0 if own['nesterov'] else random.choice([0.0, 0.3, -0.5])
            elif kind in ('Adam', 'AdamW'):
                own.update(betas=(random.choice([0.0, 0.9]), random.choice([0.0, 0.999])), eps=random.choice([0.0, 1e-8]), amsgrad=flip())
            elif kind == 'Adagrad':
                own.update(lr_decay=random.choice([0.0, 0.1]), initial_accumulator_value=random.choice([0.0, 0.5]), eps=1e-10)
            else:
                own.pop('maximize')
                own.update(alpha=random.choice([0.0, 0.99, 1.2]), momentum=random.choice([0.0, 0.9]), centered=flip(), eps=random.choice([0.0, 1e-8]))
            return own
        for kind in ['SGD', 'Adam', 'AdamW', 'Adagrad', 'RMSprop']:
            for number in range(int(sys.argv[2])):
                new = lambda: torch.nn.Parameter(torch.randn(random.choice([(), (3,), (2, 2)])))
                groups = [dict(options(kind), params=[new() for _ in range(random.randint(1, 3))]) for _ in range(random.randint(1, 2))]
                optimizer = getattr(torch.optim, kind)(groups, lr=0.1)
                for step in range(random.randint(0, 4)):
                    if kind != 'Adagrad' and random.random() < 0.3:   # 1.13's has no state of one that is added
                        optimizer.add_param_group(dict(options(kind), params=[new()]))
                    optimizer.zero_grad(set_to_none=True)
                    for p in (p for g in optimizer.param_groups for p in g['params'] if random.random() < 0.7):
                        p.grad = torch.randn_like(p) * random.choice([0.0, 1.0, 1e20])
                    optimizer.step()
                if random.random() < 0.4:
                    torch.optim.lr_scheduler.StepLR(optimizer, 1)
                shapes = [[p.detach().clone() for p in g['params']] for g in optimizer.param_groups]
                torch.save(dict(shapes=shapes, optimizer=optimizer.state_dict()), f'{sys.argv[1]}/{kind}.{number}.pth')
        """;

    [PythonFact]
    public void Whatever_PyTorch_saved_is_taken_over_and_given_back()
    {
        using TemporaryFolder folder = new();
        PythonFactAttribute.Run(Save, folder.Path, $"{PerKind}");

        int read = 0;
        foreach (string path in Directory.GetFiles(folder.Path, "*.pth"))
        {
            using DisposeScope scope = NewDisposeScope();
            using PthFile file = PthFile.Read(path);
            PthDict root = (PthDict)file.Root;
            PthDict saved = (PthDict)root["optimizer"];
            Parameter[][] groups = [.. ((PthSequence)root["shapes"]).Items.Select(group =>
                ((PthSequence)group).Items.Select(tensor => new Parameter(((PthTensor)tensor).Value.clone())).ToArray())];
            using FusedOptimizer optimizer = Make(Path.GetFileName(path).Split('.')[0], groups);

            optimizer.Invoking(own => own.LoadState(saved)).Should().NotThrow(path);

            GivenBack(optimizer.SaveState(), saved, path);
            read++;
        }

        read.Should().Be(5 * PerKind);
    }

    /// <summary>As PyTorch 2 writes it, whose settings may be tensors, and as it is after a rate was computed with numpy.</summary>
    [PythonFact]
    public void Settings_may_be_tensors_or_numbers_of_numpy_and_those_that_are_unknown_are_left_alone()
    {
        using TemporaryFolder folder = new();
        PythonFactAttribute.Run(
            """
            import sys, numpy, torch
            group = dict(
                lr=torch.tensor(0.25), betas=(torch.tensor(0.5), numpy.float32(0.75)), eps=numpy.float64(1e-6), weight_decay=numpy.int64(0), amsgrad=False, maximize=False,
                foreach=None, capturable=True, differentiable=False, fused=True, decoupled_weight_decay=True, param_names=['weight'], initial_lr=numpy.float64(0.125),
                params=[0])
            entries = dict(step=torch.tensor([3.0]), exp_avg=torch.ones(2), exp_avg_sq=torch.ones(2))
            torch.save(dict(state={0: entries}, param_groups=[group]), sys.argv[1])
            """,
            folder.File("adam.pth"));
        using DisposeScope scope = NewDisposeScope();
        using PthFile file = PthFile.Read(folder.File("adam.pth"));
        using FusedOptimizer optimizer = Make("AdamW", [[new Parameter(zeros(2))]]);

        optimizer.LoadState((PthDict)file.Root);

        OptimizerGroup group = OptimizerGroup.Of(optimizer)[0];
        PthDict settings = group.SaveSettings();
        (group.Lr, group.InitialLr, OptimizerStateDict.Pair(settings, "betas")).Should().Be((0.25, 0.125, (0.5, 0.75)));
        settings["eps"].Should().Be(new PthFloat(1e-6));
        settings["weight_decay"].Should().Be(new PthFloat(0));
        long before = LiveTensors.Settled();
        group.CheckSettings((PthDict)((PthSequence)((PthDict)file.Root)["param_groups"]).Items[0]);
        Tensor.TotalCount.Should().Be(before, "reading a setting leaves no tensor");
    }

    private static FusedOptimizer Make(string kind, Parameter[][] groups)
    {
        FusedOptimizerOptions options = kind switch
        {
            "SGD" => new FusedSgdOptions(),
            "Adam" => new FusedAdamOptions(),
            "AdamW" => new FusedAdamWOptions(),
            "Adagrad" => new FusedAdagradOptions(),
            _ => new FusedRmsPropOptions(),
        };
        return options.Build(groups.Select(group => new ParameterGroup(group)));
    }

    private static void GivenBack(PthDict ours, PthDict theirs, string path)
    {
        foreach ((PthDict group, PthDict expected) in Groups(ours).Zip(Groups(theirs)))
        {
            foreach ((PthValue key, PthValue value) in expected.Where(entry => entry.Value is PthFloat or PthBool))
            {
                if (group.TryGetValue(((PthText)key).Value, out PthValue? own))
                {
                    own.Should().Be(value, $"{key} of {path}");
                }
            }
        }

        PthDict remembered = (PthDict)ours["state"];
        foreach ((PthValue number, PthValue entries) in (PthDict)theirs["state"])
        {
            foreach ((PthValue key, PthValue value) in (PthDict)entries)
            {
                if (value is PthTensor { Value: var expected })
                {
                    Tensor own = ((PthTensor)((PthDict)remembered.Single(entry => entry.Key.Equals(number)).Value)[((PthText)key).Value]).Value;
                    own.allclose(expected.to(own.dtype), 0, 0, equal_nan: true).Should().BeTrue($"{key} of {path}");
                }
            }
        }
    }

    private static IEnumerable<PthDict> Groups(PthDict state) => ((PthSequence)state["param_groups"]).Items.Cast<PthDict>();
}

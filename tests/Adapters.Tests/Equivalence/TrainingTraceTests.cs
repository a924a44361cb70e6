using Compat.Adapters.Equivalence;
using Compat.Adapters.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Adapters.Tests.Equivalence;

public sealed class TrainingTraceTests : IDisposable
{
    private const string WriteInPython = """
        import hashlib, sys, torch
        def hashed(t):
            return {"dtype": "float32", "shape": list(t.shape), "sha256": hashlib.sha256(t.contiguous().numpy().tobytes()).hexdigest()}
        linear = torch.nn.Linear(1, 1)
        with torch.no_grad():
            linear.weight.fill_(0.5)
            linear.bias.fill_(0.25)
        optimizer = torch.optim.SGD(linear.parameters(), lr=0.1, momentum=0.9)
        iterations = []
        for i in range(3):
            x = torch.tensor([[1.0], [2.0]])
            loss = (linear(x) - 1).pow(2).sum()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            gradients = {name: p.grad.clone() for name, p in linear.named_parameters()}
            optimizer.step()
            weights = {name: p.detach().clone() for name, p in linear.named_parameters()}
            if sys.argv[2] == "hashed":
                weights = {name: hashed(t) for name, t in weights.items()}
            iterations.append({"iteration": i + 1, "stages": {
                "batch": {"indices": [0, 1]}, "learning_rate": {"lr": 0.1}, "momentum": {"momentum": 0.9}, "loss": {"loss": loss.item()},
                "gradients": gradients, "weights": weights}})
        torch.save({"name": "python", "iterations": iterations}, sys.argv[1])
        """;

    private readonly TemporaryFolder folder = new();

    private string Path => folder.File("trace.pth");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void What_is_saved_is_loaded_again()
    {
        using Trainer trainer = new Trainer(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks())).Train(onEngine: false);
        trainer.Trace.Save(Path);

        TrainingTrace loaded = TrainingTrace.Load(Path);

        loaded.Name.Should().Be("probe");
        Same.Should(trainer.Trace, loaded);
        loaded.Iterations[0].Weights[0].Value.Content.Should().Be(SnapshotContent.Full);
        loaded.Iterations.SelectMany(iteration => iteration.Stages).Should().HaveSameCount(trainer.Trace.Iterations.SelectMany(iteration => iteration.Stages));
    }

    [Fact]
    public void Hashes_are_enough_to_see_whether_another_run_is_the_same()
    {
        using Trainer trainer = new Trainer(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks())).Train(onEngine: false);
        using Trainer again = new Trainer(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks())).Train(onEngine: false);
        using Trainer other = new Trainer(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks() with { LrConfig = null })).Train(onEngine: false);
        trainer.Trace.Hashed().Save(Path);

        TrainingTrace loaded = TrainingTrace.Load(Path);

        loaded.Iterations[0].Weights[0].Value.Content.Should().Be(SnapshotContent.Hash);
        Same.Should(loaded, again.Trace);
        TraceComparison.Of(loaded, other.Trace, new ComparisonRules()).VerdictOn(Observation.Weights)!.FirstDifference!.Text
            .Should().MatchRegex("Norm.*weight: sha256 [0-9a-f]{8}… against [0-9a-f]{8}…$");
    }

    [Fact]
    public void Numbers_of_every_kind_come_back_to_the_last_bit()
    {
        double[] numbers = [double.NaN, BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(double.NaN) + 1), -0.0, double.NegativeInfinity, double.Epsilon, 0.1];
        TrainingTrace trace = Traces.Of([.. numbers.Select((number, i) => Traces.Iteration(i + 1).With(Traces.Number(Observation.Loss, "loss", number)))]);

        trace.Save(Path);

        Same.Should(trace, TrainingTrace.Load(Path));
    }

    [PythonFact]
    public void Python_reads_it_in_one_line()
    {
        Traces.Of(Traces.Iteration(1).With(TraceStage.Of(Observation.Weights, [KeyValuePair.Create("fc.weight", Weight()), KeyValuePair.Create("fc.bias", Weight().Hashed())])))
            .Save(Path);

        string printed = PythonFactAttribute.Run(
            """
            import hashlib, sys, torch
            trace = torch.load(sys.argv[1])
            stages = trace["iterations"][0]["stages"]
            weight, bias = stages["weights"]["fc.weight"], stages["weights"]["fc.bias"]
            print(trace["name"], list(stages), stages["batch"]["indices"], stages["learning_rate"]["lr"], weight.tolist(), weight.dtype)
            print(bias["dtype"], bias["shape"], bias["sha256"] == hashlib.sha256(weight.numpy().tobytes()).hexdigest())
            """,
            Path);

        printed.Split('\n').Should().StartWith(
        [
            "trace ['batch', 'learning_rate', 'momentum', 'loss', 'log_values', 'gradients', 'clipped_gradients', 'weights', 'buffers'] [0, 1] 0.1 "
            + "[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]] torch.float32",
            "float32 [2, 3] True",
        ]);
    }

    [PythonFact]
    public void A_training_in_Python_is_compared_with_ours()
    {
        foreach (string content in new[] { "full", "hashed" })
        {
            PythonFactAttribute.Run(WriteInPython, Path, content);
            TrainingTrace python = TrainingTrace.Load(Path);

            TraceComparison same = TraceComparison.Of(python, Trained(0.1), new ComparisonRules());
            TraceComparison other = TraceComparison.Of(python, Trained(0.10001), new ComparisonRules());

            same.FirstDifference?.ToString().Should().BeNull();
            same.Agrees.Should().BeTrue();
            same.Verdicts.Should().HaveCount(6).And.OnlyContain(verdict => verdict.Iterations == 3);
            other.VerdictOn(Observation.Weights)!.FirstDifference!.Iteration.Should().Be(1);
        }
    }

    [Fact]
    public void A_file_that_is_no_trace_is_named()
    {
        (PthValue Root, string Message)[] files =
        [
            (new PthDict { ["state_dict"] = 3L }, "'*trace.pth' is no trace of a training: There is no entry 'name'. Entries present: state_dict. A trace is a dictionary*"),
            (new PthText("hello"), "'*trace.pth' is no trace of a training: Unable to cast*"),
            (OneValue(new PthDict { ["dtype"] = "float31", ["shape"] = new PthSequence(PthSequenceKind.List), ["sha256"] = "00" }), "*There is no type 'float31'. Types: float32, *"),
            (OneValue(PthNone.Value), "*The value 'x' is a PthNone.*"),
            (new PthDict { ["version"] = 2L }, "'*trace.pth' is a trace of version 2; this library reads up to 1. Read it with the version of the library that wrote it."),
        ];
        foreach ((PthValue root, string message) in files)
        {
            PthFile.Write(Path, root);
            Action load = () => TrainingTrace.Load(Path);

            load.Should().Throw<PthException>().WithMessage(message);
        }
    }

    private static PthDict OneValue(PthValue value) => new()
    {
        ["name"] = "x",
        ["iterations"] = new PthSequence(
            PthSequenceKind.List, new PthDict { ["iteration"] = 1L, ["stages"] = new PthDict { ["weights"] = new PthDict { ["x"] = value } } }),
    };

    private static TensorSnapshot Weight()
    {
        using DisposeScope scope = NewDisposeScope();
        return TensorSnapshot.Of(arange(6, ScalarType.Float32).reshape(2, 3));
    }

    /// <summary>What the script in Python does, by hand.</summary>
    private static TrainingTrace Trained(double lr)
    {
        using DisposeScope scope = NewDisposeScope();
        TorchSharp.Modules.Linear linear = nn.Linear(1, 1);
        nn.init.constant_(linear.weight, 0.5);
        nn.init.constant_(linear.bias!, 0.25);
        using optim.Optimizer optimizer = optim.SGD(linear.parameters(), lr, momentum: 0.9);
        return new("ours", [.. Enumerable.Range(1, 3).Select(number =>
        {
            Tensor loss = (linear.forward(tensor(new float[] { 1, 2 }, 2, 1)) - 1).pow(2).sum();
            Compat.Torch.Optim.OptimizerGroup.ClearGradients(optimizer);
            loss.backward();
            TraceStage gradients = TraceStage.Of(
                Observation.Gradients, [.. linear.named_parameters().Select(entry => KeyValuePair.Create(entry.name, TensorSnapshot.Of(entry.parameter.grad!)))]);
            optimizer.step();
            return new IterationTrace(
                number,
                [
                    Traces.Indices(0, 1),
                    Traces.Number(Observation.LearningRate, "lr", 0.1),
                    Traces.Number(Observation.Momentum, "momentum", 0.9),
                    Traces.Number(Observation.Loss, "loss", loss.item<float>()),
                    gradients,
                    TraceStage.Of(Observation.Weights, linear.named_parameters().Select(entry => KeyValuePair.Create(entry.name, TensorSnapshot.Of(entry.parameter)))),
                ]);
        })]);
    }
}

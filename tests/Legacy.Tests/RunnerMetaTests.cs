using Compat.TestSupport;
using Compat.Torch.Serialization;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests;

public sealed class RunnerMetaTests
{
    [Fact]
    public void It_is_made_of_pairs_and_keeps_their_order()
    {
        RunnerMeta meta = new() { { "exp_name", "toy" }, { "seed", 3 }, { "lr", 0.5 }, { "amp", true } };
        meta["seed"] = 4;

        meta.Select(entry => ((PthText)entry.Key).Value).Should().Equal("exp_name", "seed", "lr", "amp");
        (meta["exp_name"], meta["seed"], meta["lr"], meta["amp"]).Should().Be(((PthValue)"toy", (PthValue)4, (PthValue)0.5, (PthValue)true));
        meta.Count.Should().Be(4);
    }

    [Fact]
    public void A_deferred_entry_is_computed_each_time_it_is_read_and_not_before()
    {
        int calls = 0;
        RunnerMeta meta = [];
        meta.Defer("scale", () => ++calls);
        meta.Section("fp16").Defer("growth", () => ++calls);
        calls.Should().Be(0);

        meta["scale"].Should().Be((PthValue)1);
        meta["scale"].Should().Be((PthValue)2);
        PthDict saved = meta.ToPth();

        (saved["scale"], ((PthDict)saved["fp16"])["growth"]).Should().Be(((PthValue)3, (PthValue)4));
        meta["scale"] = "known";
        meta["scale"].Should().Be((PthValue)"known");
        calls.Should().Be(4, "a value that was set replaces the function");
    }

    [Fact]
    public void A_section_is_made_once_and_its_changes_are_seen()
    {
        RunnerMeta meta = new() { ["fp16"] = new PthDict { ["loss_scaler"] = 1 } };

        meta.Section("fp16")["loss_scaler"] = 2;
        meta.Section("hook_msgs").Section("best")["score"] = 0.5;

        ((PthDict)meta["fp16"])["loss_scaler"].Should().Be((PthValue)2);
        ((PthDict)((PthDict)meta["hook_msgs"])["best"])["score"].Should().Be((PthValue)0.5);
        meta.Section("fp16").Should().BeSameAs(meta.Section("fp16"));
    }

    [Fact]
    public void What_is_read_or_was_set_is_a_copy()
    {
        PthDict given = new() { ["a"] = 1 };
        RunnerMeta meta = new() { ["nested"] = given };

        given["a"] = 2;
        ((PthDict)meta["nested"])["a"] = 3;
        meta.ToPth()["more"] = 4;

        ((PthDict)meta["nested"])["a"].Should().Be((PthValue)1);
        meta.Count.Should().Be(1);
    }

    [Fact]
    public void What_a_checkpoint_gave_comes_back_with_kinds_keys_and_tensors()
    {
        using Tensor tensor = ones(2);
        PthDict dict = new(PthDictKind.OrderedDict) { ["t"] = new PthTensor(tensor), ["none"] = PthNone.Value };
        dict.Set(7, PthSequence.Tuple(1, 2));

        PthDict back = RunnerMeta.FromPth(dict).ToPth();

        back.Kind.Should().Be(PthDictKind.OrderedDict);
        back.Select(entry => entry.Key).Should().Equal("t", "none", 7);
        ((PthTensor)back["t"]).Value.Should().BeSameAs(tensor);
        back.Last().Value.Should().BeOfType<PthSequence>().Which.Kind.Should().Be(PthSequenceKind.Tuple);
    }

    [Fact]
    public void It_is_written_to_a_file_with_what_is_known_then()
    {
        using TemporaryFolder folder = new();
        RunnerMeta meta = new() { ["epoch"] = 3 };
        meta.Section("fp16").Defer("scale", () => 512.0);

        PthFile.Write(folder.File("meta.pth"), meta.ToPth());

        using PthFile file = PthFile.Read(folder.File("meta.pth"));
        ((PthDict)((PthDict)file.Root)["fp16"])["scale"].Should().Be((PthValue)512.0);
    }

    [Fact]
    public void Entries_can_be_looked_for_and_removed()
    {
        RunnerMeta meta = new() { ["seed"] = 3 };

        meta.TryGetValue("seed", out PthValue? seed).Should().BeTrue();
        seed.Should().Be((PthValue)3);
        meta.Remove("seed").Should().BeTrue();
        meta.Remove("seed").Should().BeFalse();
        meta.TryGetValue("seed", out _).Should().BeFalse();
    }

    [Fact]
    public void Mistakes_are_named()
    {
        RunnerMeta meta = new() { ["seed"] = 3, ["exp_name"] = "toy" };
        meta.Defer("bad", () => null!);

        Action read = () => _ = meta["sead"];
        Action fromNone = () => _ = new RunnerMeta()["x"];
        Action add = () => meta.Add("seed", 4);
        Action nest = () => meta.Section("seed");
        Action compute = () => meta.ToPth();

        read.Should().Throw<KeyNotFoundException>().WithMessage("The meta has no entry 'sead'. Entries present: seed, exp_name, bad.");
        fromNone.Should().Throw<KeyNotFoundException>().WithMessage("The meta has no entry 'x'. Entries present: none.");
        add.Should().Throw<ArgumentException>().WithMessage("The meta has an entry 'seed' already. Write meta[\"seed\"] = … to replace it.*");
        nest.Should().Throw<InvalidOperationException>().WithMessage(
            "The entry 'seed' of the meta is no dictionary, so nothing can be nested in it. Choose another key, or remove the entry first.");
        compute.Should().Throw<InvalidOperationException>().WithMessage("The deferred entry 'bad' of the meta was computed as null. Return PthNone.Value for None.");
    }
}

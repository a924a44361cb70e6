using System.IO.Compression;
using System.Numerics;
using System.Text;
using Compat.TestSupport;
using Compat.Torch.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Serialization;

public sealed class PthFileTests
{
    private const string ReadInPython = """
        import sys, torch
        d = torch.load(sys.argv[1])
        print(d['text'], d['number'], d['big'], d['ratio'], d['yes'], d['nothing'], d['list'], d['tuple'], list(d['state_dict'].keys()))
        w = d['state_dict']
        print(w['base'].tolist(), w['transposed'].tolist(), w['half'].dtype, w['bfloat'].dtype, w['flags'].tolist(), w['empty'].shape, w['complex'].tolist())
        w['base'][0, 0] = 100.0
        print(w['transposed'][0, 0].item(), w['scalar'].shape, w['grad'].requires_grad)
        """;

    private const string WriteInPython = """
        import sys, torch, collections, numpy
        protocol = int(sys.argv[3])
        base = torch.arange(6, dtype=torch.float32).reshape(2, 3)
        value = {'a': base, 'b': base.t(), 'c': torch.nn.Parameter(torch.ones(2, dtype=torch.bfloat16)), 'size': base.shape, 'set': {1},
                 'od': collections.OrderedDict(x=1.5), 'big': 2 ** 70, 'frozen': frozenset([1, 2]), 'raw': b'x' * 300, 'device': torch.device('cpu'), 'dtype': torch.float16,
                 'array': numpy.arange(6, dtype='i4').reshape(2, 3), 'none': b''}
        torch.save(value, sys.argv[1], _use_new_zipfile_serialization=sys.argv[2] == 'zip', pickle_protocol=protocol)
        """;

    [Fact]
    public void What_is_written_reads_back_the_same()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        string path = folder.File("all.pth");
        PthFile.Write(path, Everything());

        using PthFile file = PthFile.Read(path);

        PthDict root = (PthDict)file.Root;
        root["text"].Should().Be(new PthText("grüße"));
        root["number"].Should().Be(new PthInteger(-5));
        root["big"].Should().Be(new PthInteger(BigInteger.Pow(2, 70)));
        root["ratio"].Should().Be(new PthFloat(0.1));
        root["yes"].Should().Be(new PthBool(true));
        root["nothing"].Should().BeSameAs(PthNone.Value);
        ((PthSequence)root["tuple"]).Kind.Should().Be(PthSequenceKind.Tuple);
        PthDict weights = (PthDict)root["state_dict"];
        weights.Kind.Should().Be(PthDictKind.OrderedDict);
        Of(weights, "transposed").stride().Should().Equal(1, 3);
        Of(weights, "bfloat").dtype.Should().Be(ScalarType.BFloat16);
        Of(weights, "empty").shape.Should().Equal(0, 3);
        Of(weights, "base")[0, 0] = 100f;
        Of(weights, "transposed")[0, 0].item<float>().Should().Be(100, "both show one storage");
    }

    [Fact]
    public void What_is_written_to_memory_reads_back_the_same()
    {
        using DisposeScope scope = NewDisposeScope();
        using MemoryStream stream = new();
        PthFile.Write(stream, new PthDict { ["a"] = new PthTensor(tensor(new[] { 1.5f, 2 })), ["b"] = 3 });
        stream.Position = 0;

        using PthFile file = PthFile.Read(stream);

        ((PthTensor)((PthDict)file.Root)["a"]).Value.data<float>().ToArray().Should().Equal(1.5f, 2);
        ((PthDict)file.Root)["b"].Should().Be(new PthInteger(3));
        stream.CanRead.Should().BeTrue("the stream is borrowed");
    }

    [Fact]
    public void A_damaged_stream_is_refused()
    {
        using MemoryStream stream = new([1, 2, 3]);

        Action act = () => PthFile.Read(stream);

        act.Should().Throw<PthException>().WithMessage("The stream cannot be read*");
    }

    [Fact]
    public void Tensors_outlive_the_callers_scope_and_end_with_the_file()
    {
        using TemporaryFolder folder = new();
        using (NewDisposeScope())
        {
            PthFile.Write(folder.File("all.pth"), Everything());
        }

        long before = LiveTensors.Settled();
        PthFile file;
        using (NewDisposeScope())
        {
            file = PthFile.Read(folder.File("all.pth"));
        }

        Of((PthDict)((PthDict)file.Root)["state_dict"], "base")[1, 2].Dispose();
        file.Dispose();
        Tensor.TotalCount.Should().Be(before);
    }

    [PythonFact]
    public void Python_reads_what_we_write()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        PthFile.Write(folder.File("all.pth"), Everything());

        string[] lines = PythonFactAttribute.Run(ReadInPython, folder.File("all.pth")).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        lines.Should().Equal(
            "grüße -5 1180591620717411303424 0.1 True None [1, [2]] (1, 2) ['base', 'transposed', 'half', 'bfloat', 'flags', 'empty', 'complex', 'scalar', 'grad']",
            "[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]] [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]] torch.float16 torch.bfloat16 [True, False] torch.Size([0, 3]) [(1+2j)]",
            "100.0 torch.Size([]) True");
    }

    [PythonFact]
    public void Python_reads_it_with_weights_only()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        PthDict some = Everything();

        // torch 1.13, the first to have the option, knows neither floating-point numbers nor large ones there; the next test looks at those.
        (some["ratio"], some["big"]) = (PthNone.Value, PthNone.Value);
        PthFile.Write(folder.File("some.pth"), some);

        string printed = PythonFactAttribute.Run(
            "import sys, torch; d = torch.load(sys.argv[1], weights_only=True); print(d['text'], d['tuple'], d['state_dict']['transposed'].tolist())",
            folder.File("some.pth"));

        printed.Trim().Should().Be("grüße (1, 2) [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]");
    }

    [PythonFact]
    public void Nothing_is_written_that_weights_only_refuses()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        PthFile.Write(folder.File("all.pth"), Everything());

        string[] used = PythonFactAttribute.Run(
            """
            import pickletools, sys, zipfile
            pickle = zipfile.ZipFile(sys.argv[1]).read('archive/data.pkl')
            for operation, argument, _ in pickletools.genops(pickle):
                print(argument if operation.name == 'GLOBAL' else operation.name)
            """,
            folder.File("all.pth")).Trim().Split('\n');

        // What PyTorch 2's restricted unpickler takes without being asked to (torch/_weights_only_unpickler.py).
        string[] taken =
        [
            "PROTO", "STOP", "MARK", "BINPERSID", "REDUCE", "NONE", "NEWTRUE", "NEWFALSE", "BININT", "LONG1", "BINFLOAT", "BINUNICODE", "EMPTY_TUPLE", "TUPLE",
            "EMPTY_LIST", "APPENDS", "EMPTY_DICT", "SETITEMS", "BINPUT", "BINGET", "collections OrderedDict", "torch._utils _rebuild_tensor_v2", "torch FloatStorage", "torch HalfStorage",
            "torch BFloat16Storage", "torch BoolStorage", "torch ComplexFloatStorage",
        ];
        used.Distinct().Should().BeEquivalentTo(taken);
    }

    [PythonTheory]
    [InlineData("zip", 2)]
    [InlineData("zip", 3)]
    [InlineData("zip", 5)]
    [InlineData("stream", 2)]
    [InlineData("stream", 4)]
    public void We_read_what_Python_writes_in_both_formats_and_all_protocols(string format, int protocol)
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        PythonFactAttribute.Run(WriteInPython, folder.File("a.pth"), format, $"{protocol}");

        using PthFile file = PthFile.Read(folder.File("a.pth"));

        PthDict root = (PthDict)file.Root;
        Of(root, "b").ToArray().Should().Equal([0f, 3f, 1f, 4f, 2f, 5f]);
        ((PthTensor)root["c"]).IsParameter.Should().BeTrue();
        ((PthSequence)root["size"]).Items.Should().Equal(new PthInteger(2), new PthInteger(3));
        ((PthSequence)root["set"]).Kind.Should().Be(PthSequenceKind.Set);
        ((PthDict)root["od"])["x"].Should().Be(new PthFloat(1.5));
        root["big"].Should().Be(new PthInteger(BigInteger.Pow(2, 70)));
        ((PthObject)root["device"]).Name.Should().Be("torch.device");
        ((PthObject)root["dtype"]).Name.Should().Be("torch.float16");
        ((PthSequence)root["set"]).Items.Should().Equal(new PthInteger(1));
        ((PthSequence)root["frozen"]).Items.Should().HaveCount(2);
        PthArray array = (PthArray)root["array"];
        array.Shape.Should().Equal(2, 3);
        array.ToDoubles().Should().Equal(0, 1, 2, 3, 4, 5);
        ((PthBytes)root["none"]).Value.Length.Should().Be(0);
        ((PthBytes)root["raw"]).Value.ToArray().Should().Equal(Enumerable.Repeat((byte)'x', 300));
    }

    [PythonTheory]
    [InlineData(2)]
    [InlineData(5)]
    public void A_numpy_array_in_column_order_is_refused_by_its_name(int protocol)
    {
        using TemporaryFolder folder = new();
        PythonFactAttribute.Run(
            "import sys, numpy, torch; torch.save(numpy.asfortranarray(numpy.ones((2, 3))), sys.argv[1], pickle_protocol=int(sys.argv[2]))", folder.File("a.pth"), $"{protocol}");

        Action act = () => PthFile.Read(folder.File("a.pth"));

        act.Should().Throw<PthException>().WithMessage("*The file has a numpy array in column order, which is not read. Save numpy.ascontiguousarray(array).");
    }

    [Fact]
    public void A_class_that_is_not_read_is_named_and_not_run()
    {
        using TemporaryFolder folder = new();
        WriteZip(folder.File("evil.pth"), "cposix\nsystem\n(X\u0004\0\0\0echotR.");
        Action read = () => PthFile.Read(folder.File("evil.pth"));

        read.Should().Throw<PthException>().WithMessage("'*evil.pth' cannot be read. The file uses the Python name 'posix.system', which is not among those that are read*");
    }

    [Fact]
    public void Objects_of_the_originals_become_names_and_values()
    {
        using TemporaryFolder folder = new();
        WriteZip(folder.File("hook.pth"), "cmmcv.runner\nHook\n)R}X\u0001\0\0\0aK\u0005sb.");

        using PthFile file = PthFile.Read(folder.File("hook.pth"));

        PthObject hook = (PthObject)file.Root;
        hook.Name.Should().Be("mmcv.runner.Hook");
        ((PthDict)hook.State!)["a"].Should().Be(new PthInteger(5));
    }

    [PythonFact]
    public void A_dictionary_of_the_originals_becomes_a_name_with_entries()
    {
        using TemporaryFolder folder = new();
        PythonFactAttribute.Run(
            """
            import sys, types, torch
            ConfigDict = type('ConfigDict', (dict,), {'__module__': 'mmcv.utils.config', '__qualname__': 'ConfigDict'})
            for name in ('mmcv', 'mmcv.utils', 'mmcv.utils.config'):
                sys.modules[name] = types.ModuleType(name)
            sys.modules['mmcv.utils.config'].ConfigDict = ConfigDict
            torch.save({'meta': ConfigDict(lr=0.5, model=ConfigDict(depth=50))}, sys.argv[1])
            """,
            folder.File("config.pth"));

        using PthFile file = PthFile.Read(folder.File("config.pth"));

        PthObject meta = (PthObject)((PthDict)file.Root)["meta"];
        meta.Name.Should().Be("mmcv.utils.config.ConfigDict");
        meta.Entries!["lr"].Should().Be(new PthFloat(0.5));
        ((PthObject)meta.Entries["model"]).Entries!["depth"].Should().Be(new PthInteger(50));
    }

    [Theory]
    [InlineData("]q\0h\0a.", "The file has a value that contains itself*")]
    [InlineData("X\u00ff\u00ff\u00ff\u007fa.", "The file is damaged: its pickle has a value of 2147483647 bytes, of which * are left*")]
    [InlineData("h\u0005.", "The file is damaged: its pickle has a reference to value 5, which there is not*")]
    [InlineData("K\u0001", "The file ends in the middle of its pickle*")]
    [InlineData("Z", "The file has the pickle instruction 0x5a at position 0, which torch.save does not write*")]
    public void Damage_is_named(string pickle, string message)
    {
        using TemporaryFolder folder = new();
        WriteZip(folder.File("bad.pth"), pickle);
        Action read = () => PthFile.Read(folder.File("bad.pth"));

        read.Should().Throw<PthException>().WithMessage($"'*bad.pth' cannot be read. {message}");
    }

    [Fact]
    public void Nesting_without_end_is_refused()
    {
        using TemporaryFolder folder = new();
        WriteZip(folder.File("deep.pth"), new string(']', 100_000) + new string('a', 99_999) + ".");
        Action read = () => PthFile.Read(folder.File("deep.pth"));

        read.Should().Throw<PthException>().WithMessage("'*deep.pth' cannot be read. The file has values nested more than 1000 deep*");
    }

    [Fact]
    public void A_part_that_is_shared_many_times_costs_nothing()
    {
        using TemporaryFolder folder = new();
        StringBuilder pickle = new("]q\0");
        for (char level = '\u0001'; level < '\u0040'; level++)
        {
            // Each list holds the one before twice: 2^63 parts if they were walked one by one.
            pickle.Append("](h").Append((char)(level - 1)).Append('h').Append((char)(level - 1)).Append("eq").Append(level);
        }

        WriteZip(folder.File("laughs.pth"), pickle.Append('.').ToString());

        using PthFile file = PthFile.Read(folder.File("laughs.pth"));
        ((PthSequence)file.Root).Items.Should().HaveCount(2);
    }

    [Fact]
    public void Something_else_than_a_checkpoint_is_refused()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("notes.pth"), "K\u0005.not a checkpoint");
        Action read = () => PthFile.Read(folder.File("notes.pth"));
        Action missing = () => PthFile.Read(folder.File("missing.pth"));

        read.Should().Throw<PthException>().WithMessage(
            "'*notes.pth' cannot be read. The file is neither a zip archive nor an older stream of torch.save. Give the path of a checkpoint.");
        missing.Should().Throw<FileNotFoundException>();
    }

    [Fact]
    public void What_safe_loading_would_refuse_is_not_written_and_the_old_file_stays()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("a.pth");
        PthFile.Write(path, 1);
        byte[] before = File.ReadAllBytes(path);
        Action write = () => PthFile.Write(path, new PthDict { ["set"] = new PthSequence(PthSequenceKind.Set, 1) });

        write.Should().Throw<PthException>().WithMessage("The value holds a set, which is not written, since torch.load(weights_only=True) would refuse the file. Write a list.");
        File.ReadAllBytes(path).Should().Equal(before);
        Directory.GetFiles(folder.Path).Should().HaveCount(1);
    }

    private static Tensor Of(PthDict dict, string name) => ((PthTensor)dict[name]).Value;

    private static PthDict Everything()
    {
        Tensor weight = arange(6, ScalarType.Float32).reshape(2, 3);
        (string Name, Tensor Value, bool RequiresGrad)[] tensors =
        [
            ("base", weight, false),
            ("transposed", weight.t(), false),
            ("half", ones(2, ScalarType.Float16), false),
            ("bfloat", ones(2, ScalarType.BFloat16), false),
            ("flags", tensor(new[] { true, false }), false),
            ("empty", zeros(0, 3), false),
            ("complex", complex(ones(1), ones(1) * 2), false),
            ("scalar", tensor(1.5f), false),
            ("grad", ones(1), true),
        ];
        PthDict weights = new(PthDictKind.OrderedDict);
        foreach ((string name, Tensor value, bool requiresGrad) in tensors)
        {
            weights[name] = new PthTensor(value, requiresGrad);
        }

        return new PthDict
        {
            ["text"] = "grüße",
            ["number"] = -5,
            ["big"] = new PthInteger(BigInteger.Pow(2, 70)),
            ["ratio"] = 0.1,
            ["yes"] = true,
            ["nothing"] = PthNone.Value,
            ["list"] = new PthSequence(PthSequenceKind.List, 1, new PthSequence(PthSequenceKind.List, 2)),
            ["tuple"] = new PthSequence(PthSequenceKind.Tuple, 1, 2),
            ["state_dict"] = weights,
        };
    }

    private static void WriteZip(string path, string pickle)
    {
        using ZipArchive archive = ZipFile.Open(path, ZipArchiveMode.Create);
        using Stream target = archive.CreateEntry("archive/data.pkl", CompressionLevel.NoCompression).Open();
        target.Write(Encoding.Latin1.GetBytes(pickle));
    }
}
